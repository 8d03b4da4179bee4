# A service manager's end of the notify protocol: each datagram as one line of JSON.
import json, os, socket, sys

server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(sys.argv[1])
print("ready", flush=True)
while True:
    data, fds, _, _ = socket.recv_fds(server, 65536, 8)
    # A barrier is answered by closing what came with it.
    for fd in fds:
        os.close(fd)
    print(json.dumps(data.decode().splitlines()), flush=True)
