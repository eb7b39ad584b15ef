"""What hostile code tries, each thing by several ways; runs inside the sandbox, which reads this file as text.

`main` returns by attempt the ways that got through; where nothing is locked, those that did not. What only the outside
can see, `escapes.World` looks for.
"""

import functools
import importlib
import os
import select
import signal
import socket
import struct
import sys
from importlib.machinery import PathFinder


def main(world):
    sys.meta_path.append(PathFinder)  # imports from files again, if files can be read
    sys.path[:] = world["stdlib"]
    wanted = not world["unlocked"]
    return {attempt.__name__: [way.__name__ for way in attempt(world) if worked(way) is wanted] for attempt in ATTEMPTS}


def worked(way):
    try:
        return bool(way())
    except BaseException:  # whatever stops it
        return False


def read_a_file(world):
    def holds_secret(path):
        with open(path, "rb") as file:
            return world["secret"].encode() in file.read()

    def by_path():
        return holds_secret(world["file"])

    def by_descriptor():
        return world["secret"].encode() in os.read(os.open(world["file"], os.O_RDONLY), 1000)

    def by_climbing():
        return holds_secret("../" * 30 + world["file"])

    def by_symlink():
        link = os.path.join(world["folder"] if world["unlocked"] else ".", "link-to-the-secret")
        os.symlink(world["file"], link)
        return holds_secret(link)

    def by_folder_descriptor():
        folder, name = os.path.split(world["file"])
        return os.open(name, os.O_RDONLY, dir_fd=os.open(folder, os.O_RDONLY))

    def by_listing():
        return os.listdir(world["folder"])

    def by_changing_folder():
        os.chdir(world["folder"])
        return os.listdir(".")

    return by_path, by_descriptor, by_climbing, by_symlink, by_folder_descriptor, by_listing, by_changing_folder


def write_a_file(world):
    def create(folder):
        path = os.path.join(folder, world["mark"])
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT))
        return True

    def overwrite():
        with open(world["open_file"], "r+") as file:
            file.write("x")
        return True

    def truncate():
        os.truncate(world["open_file"], 0)
        return True

    def rename():
        os.rename(world["open_file"], world["open_file"] + "-renamed")
        return True

    def delete():
        os.unlink(world["other_file"])
        return True

    def change_mode():
        os.chmod(world["open_file"], 0o600)
        return True

    def link():
        os.symlink("/", os.path.join(world["folder"], "link"))
        return True

    def make_folder():
        os.mkdir(os.path.join(world["folder"], "made"))
        return True

    creating = [functools.partial(create, folder) for folder in world["writable"]]
    for way in creating:
        way.__name__ = f"create in {way.args[0]}"
    return (*creating, overwrite, truncate, change_mode, link, make_folder, delete, rename)


def make_a_pipe_node(world):
    def mkfifo():
        os.mkfifo(os.path.join(world["folder"], "fifo"))
        return True

    return (mkfifo,)


def read_proc(world):
    def reader(path):
        def way():
            with open(path, "rb") as file:
                return file.read(100) or True

        way.__name__ = path
        return way

    names = ("self/environ", "self/maps", "self/mem", "1/cmdline", f"{world['pid']}/environ", "self/root/etc/passwd")
    return [reader(f"/proc/{name}") for name in names]


def see_secrets_in_the_environment(world):
    def by_os():
        return world["secret"] in str(os.environ)

    def by_posix():
        return world["secret"] in str(importlib.import_module("posix").environ)

    def by_proc():
        with open(f"/proc/{world['pid']}/environ") as file:
            return file.read()

    return by_os, by_posix, by_proc


def connect(world):
    def tcp():
        return socket.create_connection(("127.0.0.1", world["tcp_port"]), timeout=1)

    def udp():  # whether it arrives is seen outside
        return not socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", world["udp_port"]))

    def unix():
        return socket.socket(socket.AF_UNIX).connect(world["unix"]) is None

    def abstract():
        return socket.socket(socket.AF_UNIX).connect(world["abstract"]) is None

    def unix_datagram():
        return socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b"x", world["abstract_datagram"])

    def event_loop():
        asyncio = importlib.import_module("asyncio")
        return asyncio.run(asyncio.open_connection("127.0.0.1", world["tcp_port"]))

    def look_up():
        return socket.getaddrinfo("localhost.example", 80)

    return tcp, udp, unix, abstract, unix_datagram, event_loop, look_up


def start_a_process_or_thread(world):
    def fork_bomb():
        begun = 0
        for _ in range(5):
            try:
                if os.fork() == 0:
                    select.select([], [], [])
                begun += 1
            except Exception:
                continue
        return begun

    def fork_exec():
        posix_subprocess, read = importlib.import_module("_posixsubprocess"), os.pipe()
        arguments = [[b"true"], [b"/bin/true", b"/usr/bin/true"], True, (read[1],), None, None, -1, -1, -1, -1, -1, -1]
        return posix_subprocess.fork_exec(
            *arguments, *read, True, False, -1, None, None, None, -1, None, True
        )  # 3.11's own order of arguments

    def subprocess():
        return importlib.import_module("subprocess").run(["/bin/true"]).returncode == 0

    def spawn():
        return os.posix_spawn("/bin/true", ["true"], {})

    def shell():
        return os.system("true") == 0

    def execute():
        return not world["unlocked"] and os.execv("/bin/true", ["true"])

    def thread():
        return importlib.import_module("_thread").start_new_thread(select.select, ([], [], []))

    return fork_bomb, fork_exec, subprocess, spawn, shell, execute, thread


def signal_a_process(world):
    def kill():
        return os.kill(world["pid"], signal.SIGUSR1) is None and world["pid"] != os.getpid()

    def kill_parent():
        return os.getppid() > 1 and os.kill(os.getppid(), signal.SIGUSR1) is None

    def by_owner_of_a_pipe():
        fcntl = importlib.import_module("fcntl")
        one, other = socket.socketpair()
        fcntl.fcntl(one, fcntl.F_SETOWN, world["pid"])
        fcntl.fcntl(one, fcntl.F_SETSIG, signal.SIGUSR1)
        fcntl.fcntl(one, fcntl.F_SETFL, os.O_ASYNC)
        return other.send(b"x")

    return kill, kill_parent, by_owner_of_a_pipe


def signal_by_process_descriptor(world):
    def pidfd():
        return signal.pidfd_send_signal(os.pidfd_open(world["pid"]), signal.SIGUSR1) is None

    return (pidfd,)


def subclasses():
    found, new = set(), {object}
    while new:
        found |= new
        new = {sub for cls in new for sub in type.__subclasses__(cls)} - found
    return {cls.__name__: cls for cls in found}


def reach_by_subclasses(world):
    def globals_of_a_class():
        return subclasses()["_wrap_close"].__init__.__globals__

    def system():
        return globals_of_a_class()["system"]("true") == 0

    def popen():
        return globals_of_a_class()["popen"]("echo 1").read()

    def file():
        return subclasses()["FileIO"](world["file"]).read()

    def builtins():
        return globals_of_a_class()["__builtins__"]["open"](world["file"]).read()

    def loader():
        return subclasses()["SourceFileLoader"]("x", world["file"]).get_data(world["file"])

    return system, popen, file, builtins, loader


def call_the_c_library(world):
    """At the levels that the kernel holds, the test hands the code `ctypes`, as if it had found it."""

    def libc():
        shared = sys.modules.get("multiprocessing.sharedctypes")
        ctypes = shared.ctypes if shared else importlib.import_module("ctypes")
        return ctypes.CDLL(None, use_errno=True)

    def read():
        return libc().open(world["file"].encode(), 0) >= 0

    def create():
        return libc().creat(os.path.join(world["folder"], "by_libc").encode(), 0o666) >= 0

    def connect():
        address = struct.pack("=HH4s8x", socket.AF_INET, socket.htons(world["tcp_port"]), bytes([127, 0, 0, 1]))
        return libc().connect(libc().socket(socket.AF_INET, socket.SOCK_STREAM, 0), address, len(address)) == 0

    def kill():
        return libc().kill(world["pid"], int(signal.SIGUSR1)) == 0 and world["pid"] != os.getpid()

    def fork():
        child = libc().fork()
        return libc()._exit(0) if child == 0 else child > 0

    def trace():
        return libc().ptrace(0x4206, world["pid"], None, None) == 0  # PTRACE_SEIZE, which does not stop it

    def mount():
        return libc().mount(b"none", world["folder"].encode(), b"tmpfs", 0, None) == 0

    return read, create, connect, kill, fork, trace, mount


def gain_rights(world):
    def become_root():
        os.setuid(0)
        return True

    def become_root_for_a_while():
        os.seteuid(0)
        return True

    def leave_the_root_folder():
        os.chroot(".")
        os.chdir("../" * 30)
        return os.listdir(".")

    def raise_limits():
        resource = importlib.import_module("resource")
        resource.setrlimit(resource.RLIMIT_NPROC, (10_000, 10_000))
        return True

    return become_root, become_root_for_a_while, leave_the_root_folder, raise_limits


def use_what_was_left_open(world):
    def inherited_descriptors():
        return any(readable(number) for number in range(32))

    def readable(number):
        try:
            os.lseek(number, 0, os.SEEK_SET)
            return os.read(number, 100)
        except OSError:
            return False

    return (inherited_descriptors,)


ATTEMPTS = (
    read_a_file,
    write_a_file,
    make_a_pipe_node,
    read_proc,
    see_secrets_in_the_environment,
    connect,
    start_a_process_or_thread,
    signal_a_process,
    signal_by_process_descriptor,
    reach_by_subclasses,
    call_the_c_library,
    gain_rights,
    use_what_was_left_open,
)
