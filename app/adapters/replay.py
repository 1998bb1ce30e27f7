"""Records any adapter and plays it back.

Question and answer (or fault) as JSON, and a player that answers from the record.

All adapters take and return plain values, so one proxy serves them all. Streams are recorded as the
list of their items.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import inspect
import threading
from collections.abc import Callable, Generator, Iterator
from typing import Any

import msgspec

from app import ports
from app.model import machine
from app.model.encoding import encode
from app.model.errors import ExpectedError, InputError, StoppedError
from app.model.value import Value

# What can come through an adapter. An unknown name in a record is refused, never looked up elsewhere.
_VALUES: dict[str, type[Value]] = {
    name: kind
    for module in (machine, ports)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, Value) and kind is not Value
}
_CONTEXTS = frozenset(("hold", "keep_awake"))  # their effect is their whole answer


class RecordedError(Value, frozen=True, kw_only=True):
    """What an adapter raised: an expected fault, or the wish to stop (code ``stopped``)."""

    code: str
    message: str = ""
    details: str = ""
    hint: str = ""


class Call(Value, frozen=True, kw_only=True):
    """One question to an adapter and what came back. A fault after some items of a stream stands beside
    them.
    """

    door: str
    method: str
    arguments: Any = ()
    answer: Any = None
    stream: bool = False
    fault: RecordedError | None = None


class Recording(Value, frozen=True, kw_only=True):
    """Everything asked of some adapters, in order; schema ``record/1``."""

    schema: str = "record/1"
    calls: tuple[Call, ...] = ()


class Recorder:
    """Wraps adapters; ``record()`` gives what was asked until now."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._lock = threading.Lock()

    def door(self, name: str, real: Any) -> Any:
        """A stand-in that asks ``real`` and writes down what it answered."""
        return _Recording(name, real, self._add_call)

    def record(self) -> Recording:
        """All calls until now."""
        with self._lock:
            return Recording(calls=tuple(self._calls))

    def _add_call(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)


class _Recording:
    def __init__(self, name: str, real: Any, add: Callable[[Call], None]) -> None:
        self._name, self._real, self._add_call = name, real, add

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._real, method)
        if not callable(found):
            self._add_call(Call(door=self._name, method=method, answer=_encode_value(found)))
            return found
        if method in _CONTEXTS:
            return found
        return functools.partial(self._record_answer, method, found)

    def _record_answer(
        self, method: str, real: Callable[..., Any], *arguments: Any, **named: Any
    ) -> Any:
        question = _encode_arguments(real, arguments, named)
        try:
            answer = real(*arguments, **named)
        except (ExpectedError, StoppedError) as fault:
            self._add_call(
                Call(door=self._name, method=method, arguments=question, fault=_encode_error(fault))
            )
            raise
        if isinstance(answer, Iterator):
            return self._record_stream(method, question, answer)
        if callable(answer):
            raise TypeError(
                f"{self._name}.{method} answers with a function, which cannot be recorded"
            )
        self._add_call(
            Call(door=self._name, method=method, arguments=question, answer=_encode_value(answer))
        )
        return answer

    def _record_stream(
        self, method: str, question: Any, answer: Iterator[Any]
    ) -> Generator[Any, None, None]:
        items: list[Any] = []
        fault: RecordedError | None = None
        try:
            for item in answer:
                items.append(_encode_value(item))
                yield item
        except (ExpectedError, StoppedError) as error:
            fault = _encode_error(error)
            raise
        finally:
            if isinstance(answer, Generator):
                answer.close()
            self._add_call(
                Call(
                    door=self._name,
                    method=method,
                    arguments=question,
                    answer=items,
                    stream=True,
                    fault=fault,
                )
            )


class Player:
    """An adapter that answers from a record. A question that comes again gets the next answer, the last
    one for ever.
    """

    def __init__(self, name: str, record: Recording, like: type) -> None:
        self._name, self._like = name, like
        self._answers: dict[tuple[str, str], list[Call]] = {}
        self._lock = threading.Lock()
        for call in record.calls:
            if call.door == name:
                self._answers.setdefault((call.method, _encode_key(call.arguments)), []).append(
                    call
                )

    def __getattr__(self, method: str) -> Any:
        if method.startswith("_"):
            raise AttributeError(method)
        if method in _CONTEXTS:
            return _do_nothing
        declared = inspect.getattr_static(self._like, method, None)
        if not inspect.isfunction(declared):
            return self._take_answer(method, ())
        return functools.partial(self._replay_answer, method, declared)

    def _replay_answer(
        self, method: str, declared: Callable[..., Any], *arguments: Any, **named: Any
    ) -> Any:
        bound = functools.partial(declared, self)
        return self._take_answer(method, _encode_arguments(bound, arguments, named))

    def _take_answer(self, method: str, question: Any) -> Any:
        with self._lock:
            left = self._answers.get((method, _encode_key(question)))
            if not left:
                raise ExpectedError(
                    "not-recorded",
                    f"The record has no answer of {self._name}.{method} to this question.",
                    details=_encode_key(question),
                )
            call = left[0] if len(left) == 1 else left.pop(0)
        if call.stream:
            return _replay_stream(call)
        if call.fault is not None:
            raise _decode_error(call.fault)
        return _decode_value(call.answer)


def _do_nothing(*_: Any) -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext()


def _replay_stream(call: Call) -> Iterator[Any]:
    yield from (_decode_value(item) for item in call.answer)
    if call.fault is not None:
        raise _decode_error(call.fault)


def save(record: Recording) -> bytes:
    """The record as JSON."""
    return msgspec.json.format(encode(record), indent=1)


def load(data: bytes, name: str) -> Recording:
    """A record from JSON. Raises ``InputError`` naming the file and what was expected."""
    try:
        record = msgspec.json.decode(data, type=Recording)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{name} is not a record of adapters: {error}.") from error
    if record.schema != "record/1":
        raise InputError(
            f'{name}: the field "schema" was expected to be "record/1", but is "{record.schema}".'
        )
    return record


def _encode_arguments(
    method: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]
) -> Any:
    """All arguments by name with their defaults filled in, so that one question is always written
    the same way.
    """
    bound = inspect.signature(method).bind(*arguments, **named)
    bound.apply_defaults()
    return _encode_value(
        [list(value) if isinstance(value, tuple) else value for value in bound.arguments.values()]
    )


def _encode_key(question: Any) -> str:
    return encode(question, order="sorted").decode()


def _encode_error(error: ExpectedError | StoppedError) -> RecordedError:
    if isinstance(error, StoppedError):
        return RecordedError(code="stopped")
    return RecordedError(
        code=error.code, message=error.message, details=error.details, hint=error.hint
    )


def _decode_error(fault: RecordedError) -> Exception:
    if fault.code == "stopped":
        return StoppedError()
    if fault.code == "bad-input":
        return InputError(fault.message, details=fault.details, hint=fault.hint)
    return ExpectedError(fault.code, fault.message, details=fault.details, hint=fault.hint)


def _encode_value(value: Any) -> Any:
    """A value as JSON can carry it. Kinds that JSON lacks are objects with one ``$`` key."""
    if isinstance(value, Value):
        fields = {name: _encode_value(getattr(value, name)) for name in value.__struct_fields__}
        return {"$value": type(value).__name__, "fields": fields}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, tuple):
        return {"$tuple": [_encode_value(item) for item in value]}
    if isinstance(value, list):
        return [_encode_value(item) for item in value]
    if isinstance(value, dict):
        return {"$dict": [[_encode_value(key), _encode_value(item)] for key, item in value.items()]}
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise TypeError(
        f"a {type(value).__name__} cannot be recorded: adapters take and return plain values"
    )


def _decode_value(data: Any) -> Any:
    if isinstance(data, list):
        return [_decode_value(item) for item in data]
    if not isinstance(data, dict):
        return data
    if "$bytes" in data:
        return base64.b64decode(data["$bytes"])
    if "$tuple" in data:
        return tuple(_decode_value(item) for item in data["$tuple"])
    if "$dict" in data:
        return {_decode_value(key): _decode_value(item) for key, item in data["$dict"]}
    kind = _VALUES.get(data.get("$value", ""))
    if kind is None:
        raise InputError(f"The record holds a value of the unknown kind {data.get('$value')!r}.")
    return kind(**{name: _decode_value(item) for name, item in data["fields"].items()})
