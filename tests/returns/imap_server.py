"""A small IMAP4rev1 server on this machine, which refuses what RFC 3501 does not allow."""

from __future__ import annotations

import email
import re
import socketserver
import threading
import time
from typing import Any

USER, PASSWORD, FOLDER = "bounce@toko.test", 'secret "of" \\shops', "Returned mail"


class ImapServer:
    """One mailbox with one folder: `mails` by uid, and what was read. `tells` are the commands that came.

    dies_at: the command at which the connection ends. claims: bytes that an answer says it has. drips: seconds between
    the bytes of a mail.
    """

    def __init__(self) -> None:
        self.mails: dict[int, bytes] = {}
        self.seen: set[int] = set()
        self.tells: list[str] = []
        self.dies_at = ""
        self.claims = 0
        self.drips = 0.0
        self.refuses_marks = False
        box = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                Session(box, self).run()

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def put(self, raw: bytes) -> int:
        uid = max(self.mails, default=100) + 7
        self.mails[uid] = raw
        return uid

    def unread(self) -> set[int]:
        return self.mails.keys() - self.seen

    def about(self, subject: str) -> set[int]:
        return {uid for uid, raw in self.mails.items() if subject in str(email.message_from_bytes(raw)["Subject"])}

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Session:
    def __init__(self, box: ImapServer, handler: Any) -> None:
        self.box, self.handler = box, handler
        self.state, self.is_readonly = "new", False

    def run(self) -> None:
        self.say("* OK ready")
        for line in self.handler.rfile:
            tag, _space, rest = line.decode("ascii").rstrip("\r\n").partition(" ")
            word, _space, arguments = rest.partition(" ")
            name = f"{word} {arguments.partition(' ')[0]}".upper() if word.upper() == "UID" else word.upper()
            self.box.tells.append(name)
            if name == self.box.dies_at:
                return
            answer = getattr(self, "do_" + name.lower().replace(" ", "_"), None)
            result = "BAD unknown command" if answer is None else answer(arguments)
            self.say(f"{tag} {result}")
            if name == "LOGOUT":
                return

    def say(self, line: str) -> None:
        self.handler.wfile.write(line.encode() + b"\r\n")

    def do_capability(self, _: str) -> str:
        self.say("* CAPABILITY IMAP4rev1")
        return "OK done"

    def do_logout(self, _: str) -> str:
        self.say("* BYE")
        return "OK done"

    def do_login(self, arguments: str) -> str:
        strings = re.fullmatch(r'"((?:[^"\\]|\\["\\])*)" "((?:[^"\\]|\\["\\])*)"', arguments)
        if self.state != "new" or strings is None:
            return "BAD not a login"
        if [re.sub(r"\\(.)", r"\1", one) for one in strings.groups()] != [USER, PASSWORD]:
            return "NO [AUTHENTICATIONFAILED] wrong password"
        self.state = "in"
        return "OK in"

    def do_select(self, arguments: str) -> str:
        return self.open(arguments, is_readonly=False)

    def do_examine(self, arguments: str) -> str:
        return self.open(arguments, is_readonly=True)

    def open(self, arguments: str, *, is_readonly: bool) -> str:
        if self.state == "new":
            return "BAD sign in first"
        if arguments != f'"{FOLDER}"':
            return "NO [NONEXISTENT] no such folder"
        self.state, self.is_readonly = "selected", is_readonly
        self.say(f"* {len(self.box.mails)} EXISTS")
        self.say("* OK [UIDVALIDITY 1]")
        return "OK [READ-ONLY] done" if is_readonly else "OK [READ-WRITE] done"

    def do_uid_search(self, arguments: str) -> str:
        subject = re.fullmatch(r'SEARCH SUBJECT "([^"\\\\]*)"', arguments)
        if self.state != "selected" or (subject is None and arguments.upper() != "SEARCH UNSEEN"):
            return "BAD search"
        found = self.box.unread() if subject is None else self.box.about(subject[1])
        self.say(" ".join(["* SEARCH", *map(str, sorted(found))]))
        return "OK done"

    def do_uid_fetch(self, arguments: str) -> str:
        asked = re.fullmatch(r"FETCH (\d+) \(UID BODY\.PEEK\[\]<0\.(\d+)>\)", arguments, re.IGNORECASE)
        if self.state != "selected" or asked is None:
            return "BAD fetch"
        uid, most = int(asked[1]), int(asked[2])
        if uid in self.box.mails:
            part = self.box.mails[uid][:most]
            self.say("* 1 FETCH (FLAGS ())")  # another program's change, which may come in between
            if not part:
                self.say(f'* 1 FETCH (UID {uid} BODY[]<0> "")')
                return "OK done"
            self.handler.wfile.write(f"* 1 FETCH (UID {uid} BODY[]<0> {{{self.box.claims or len(part)}}}\r\n".encode())
            self.send(part)
            self.handler.wfile.write(b")\r\n")
        return "OK done"

    def send(self, part: bytes) -> None:
        if not self.box.drips:
            self.handler.wfile.write(part)
            return
        for byte in part:
            self.handler.wfile.write(bytes([byte]))
            time.sleep(self.box.drips)

    def do_uid_store(self, arguments: str) -> str:
        asked = re.fullmatch(r"STORE (\d+) \+FLAGS\.SILENT \(\\Seen\)", arguments, re.IGNORECASE)
        if self.state != "selected" or asked is None:
            return "BAD store"
        if self.is_readonly or self.box.refuses_marks:
            return "NO [READ-ONLY] not here"
        self.box.seen.add(int(asked[1]))
        return "OK done"
