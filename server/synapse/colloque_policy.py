"""Colloque's policy module for Synapse: the doors that are no HTTP request of the gateway.

Rooms are cases: private, encrypted, without a word in clear, with the archivist in them; only the archivist invites, and only whom
the patient's consent covers; media are kept only when a receipt announced those very bytes. Where state is needed, the consent
registry is asked over a unix socket. Everything fails closed: no answer, a late answer or an odd one is a refusal.

Configuration: `{module: colloque_policy.ColloquePolicy, config: {registry_socket: /run/colloque/policy}}`.
"""

import hashlib
import json
import logging
import secrets
from typing import Any, Dict, Optional, Tuple

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import UNIXClientEndpoint
from twisted.internet.protocol import Factory, Protocol

from synapse.module_api import NOT_SPAM, ModuleApi, errors, make_deferred_yieldable as yieldable

logger = logging.getLogger(__name__)

CASE_TYPE = "fr.colloque.case"
CASE_ID = "fr.colloque.case_id"
ANSWER_SECONDS = 5
BEAT_MS = 300
MEGOLM = "m.megolm.v1.aes-sha2"
MAX_STATE_BYTES = 4096  # state is in clear for ever: what is longer is not what it says it is

# State that a case may have, and what its content must be. A value of None leaves the content to Synapse's own rules.
ALLOWED_STATE = {
    "m.room.create": None,
    "m.room.member": None,
    "m.room.power_levels": None,
    "m.room.join_rules": lambda c: c == {"join_rule": "invite"},
    "m.room.history_visibility": lambda c: c == {"history_visibility": "shared"},
    "m.room.guest_access": lambda c: c == {"guest_access": "forbidden"},
    "m.room.encryption": lambda c: c == {"algorithm": MEGOLM},
    # A member's place in a call.
    "org.matrix.msc3401.call.member": None,
}
CREATE_KEYS = {"type", CASE_ID, "additional_creators", "room_version", "creator", "m.federate"}
# What is not state, and what is in it: ciphertext, and the taking back of it without a word, which would stay in clear.
ALLOWED_EVENTS = {
    "m.room.encrypted": {"algorithm", "ciphertext", "session_id", "sender_key", "device_id", "m.relates_to"},
    "m.room.redaction": {"redacts"},
}
MEMBER_KEYS = {"membership", "displayname", "is_direct"}  # none of them free text


class _Question(Protocol):
    """One HTTP/1.0 request on the registry's socket: the answer ends when the connection does."""

    def __init__(self, request: bytes, answer: "Deferred[bytes]") -> None:
        self._request = request
        self._answer = answer
        self._received = b""

    def connectionMade(self) -> None:
        self.transport.write(self._request)

    def dataReceived(self, data: bytes) -> None:
        self._received += data

    def connectionLost(self, reason: Any = None) -> None:
        if not self._answer.called:
            self._answer.callback(self._received)


class ColloquePolicy:
    def __init__(self, config: Dict[str, Any], api: ModuleApi) -> None:
        self._api = api
        self._socket: str = config["registry_socket"]
        api.register_spam_checker_callbacks(
            user_may_create_room=self.user_may_create_room,
            user_may_invite=self.user_may_invite,
            user_may_join_room=self.user_may_join_room,
            user_may_create_room_alias=self.never,
            user_may_publish_room=self.never,
            check_media_file_for_spam=self.may_keep_media,
        )
        rules = {"check_event_allowed": self.check_event_allowed, "on_new_event": self.on_new_event}
        api.register_third_party_rules_callbacks(**rules)
        api.register_password_auth_provider_callbacks(on_logged_out=self.on_logged_out)
        self._stream, self._told = secrets.token_hex(8), 0
        api.looping_background_call(self._tell, BEAT_MS)

    @staticmethod
    def parse_config(config: Dict[str, Any]) -> Dict[str, Any]:
        if not isinstance(config.get("registry_socket"), str):
            raise Exception("colloque_policy needs registry_socket, the path of the consent registry's socket")
        return config

    async def _ask(self, path: str, question: Dict[str, Any]) -> bool:
        """A plain yes of the registry; anything else, and anything that goes wrong, is a no."""
        try:
            body = json.dumps(question).encode()
            head = f"POST {path} HTTP/1.0\r\nHost: registry\r\nConnection: close\r\n"
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            answer: "Deferred[bytes]" = Deferred()
            endpoint = UNIXClientEndpoint(reactor, self._socket, timeout=ANSWER_SECONDS)
            asking = Factory.forProtocol(lambda: _Question(head.encode() + body, answer))
            await yieldable(endpoint.connect(asking))
            answer.addTimeout(ANSWER_SECONDS, reactor)
            told, _, body = (await yieldable(answer)).partition(b"\r\n\r\n")
            return b" 200 " in told.split(b"\r\n")[0] and json.loads(body).get("allow") is True
        except Exception as error:  # no answer is a no
            level = logging.DEBUG if path == "/news" else logging.WARNING
            logger.log(level, "The consent registry gave no answer to %s: %s", path, type(error).__name__)
            return False

    async def _tell(self, **news: str) -> None:
        """Numbered and several times a second, so that the gateway sees at once when it has missed something."""
        self._told += 1
        await self._ask("/news", {"stream": self._stream, "seq": self._told, **news})

    async def on_new_event(self, event: Any, _state: Any) -> None:
        if event.type == "m.room.member":
            await self._tell(roomId=event.room_id)

    async def on_logged_out(self, _user: str, _device: Optional[str], token: str) -> None:
        await self._tell(tokenSha256=hashlib.sha256(token.encode()).hexdigest())

    async def _verdict(self, path: str, question: Dict[str, Any]) -> Any:
        return NOT_SPAM if await self._ask(path, question) else errors.Codes.FORBIDDEN

    async def never(self, *_args: Any) -> Any:
        return errors.Codes.FORBIDDEN

    async def user_may_create_room(self, user: str, config: Dict[str, Any]) -> Any:
        creation = config.get("creation_content") or {}
        names = any(config.get(key) for key in ("name", "topic", "room_alias_name", "invite_3pid"))
        if creation.get("type") != CASE_TYPE or names or config.get("visibility") == "public":
            return errors.Codes.FORBIDDEN
        founders = creation.get("additional_creators") or []
        question = {"creator": user, "caseId": creation.get(CASE_ID), "additionalCreators": founders}
        return await self._verdict("/may-create", {**question, "invited": config.get("invite") or []})

    async def user_may_invite(self, inviter: str, invitee: str, room_id: str) -> Any:
        return await self._verdict("/may-invite", {"inviter": inviter, "invitee": invitee, "roomId": room_id})

    async def may_keep_media(self, file: Any, info: Any) -> Any:
        """Bytes that came by any way at all, other servers' among them. Thumbnails and previews are nobody's receipt."""
        if info.url_cache or info.thumbnail is not None:
            return errors.Codes.FORBIDDEN
        with open(file.path, "rb") as stored:
            kept = stored.read()
        mxc = f"mxc://{info.server_name or self._api.server_name}/{info.file_id}"
        question = {"mxc": mxc, "bytes": len(kept), "sha256": hashlib.sha256(kept).hexdigest()}
        return await self._verdict("/may-store", question)

    async def user_may_join_room(self, user: str, room: str, is_invited: bool) -> Any:
        return NOT_SPAM if is_invited or await self._is_member(user, room) else errors.Codes.FORBIDDEN

    async def _is_member(self, user: str, room: str) -> bool:
        """Joining again is allowed: the answer to the first time may have been lost."""
        try:
            key = ("m.room.member", user)
            member = (await self._api.get_room_state(room, [key])).get(key)
            return member is not None and member.content.get("membership") == "join"
        except Exception as error:
            logger.warning("A membership could not be read: %s", type(error).__name__)
            return False

    async def check_event_allowed(self, event: Any, state: Any) -> Tuple[bool, Optional[Dict[str, Any]]]:
        try:
            return self._is_allowed(event, state), None
        except Exception as error:
            logger.warning("An event could not be judged: %s", type(error).__name__)
            return False, None

    def _is_allowed(self, event: Any, state: Any) -> bool:
        if event.is_state() and len(json.dumps(dict(event.content), default=dict)) > MAX_STATE_BYTES:
            return False
        if event.type == "m.room.create":
            is_case = event.content.get("type") == CASE_TYPE and set(event.content) <= CREATE_KEYS
            return is_case and bool(event.content.get("additional_creators"))
        create = state.get(("m.room.create", ""))
        if create is None or create.content.get("type") != CASE_TYPE:
            return False
        if not event.is_state():
            return event.type in ALLOWED_EVENTS and set(event.content) <= ALLOWED_EVENTS[event.type]
        if event.type == "m.room.member":
            return self._member_allowed(event, state)
        if event.type == "m.room.power_levels":
            return ("m.room.power_levels", "") not in state  # set once, at creation
        check = ALLOWED_STATE.get(event.type, lambda _content: False)
        return check is None or bool(check(dict(event.content)))

    @staticmethod
    def _member_allowed(event: Any, state: Any) -> bool:
        if not set(event.content) <= MEMBER_KEYS:
            return False
        leaving_or_banned = event.content.get("membership") in ("leave", "ban")
        archivists = state[("m.room.create", "")].content.get("additional_creators", [])
        # Nobody puts the archivist out; whoever wants to may leave.
        return not (leaving_or_banned and event.sender != event.state_key and event.state_key in archivists)
