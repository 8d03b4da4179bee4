"""Plays org.freedesktop.login1 on a bus of its own, as far as sleep goes.

Reads `sleep` or `wake` a line and emits PrepareForSleep; writes a line for each lock that is taken
or let go of. As logind does, it counts a lock as held until the pipe it gave out is closed.
"""

import os

import dbus
import dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

MANAGER = "org.freedesktop.login1.Manager"


class Manager(dbus.service.Object):
    @dbus.service.method(MANAGER, in_signature="ssss", out_signature="h")
    def Inhibit(self, what, who, why, mode):
        ours, theirs = os.pipe()
        print("taken", what, mode, flush=True)
        GLib.io_add_watch(ours, GLib.IO_HUP, self.let_go)
        given = dbus.types.UnixFd(theirs)
        os.close(theirs)
        return given

    def let_go(self, ours, _condition):
        os.close(ours)
        print("let go", flush=True)
        return False

    @dbus.service.signal(MANAGER, signature="b")
    def PrepareForSleep(self, start):
        pass


DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
manager = Manager(bus, "/org/freedesktop/login1")
name = dbus.service.BusName("org.freedesktop.login1", bus)
loop = GLib.MainLoop()


def obey(_stdin, _condition):
    # Not readline(): it keeps further lines to itself, and nobody would be told of them.
    text = os.read(0, 4096).decode()
    if text == "":
        loop.quit()
    for line in text.split():
        manager.PrepareForSleep(line == "sleep")
    return True


GLib.io_add_watch(0, GLib.IO_IN | GLib.IO_HUP, obey)
print("ready", flush=True)
loop.run()
