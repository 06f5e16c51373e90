"""Finding the app that ``module:attribute`` names, and saying clearly why it cannot be found."""

from __future__ import annotations

import difflib
import importlib
import inspect
import sys
import traceback
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from asgiviz.host.errors import USAGE, HostError
from asgiviz.host.limits import without_our_frames
from asgiviz.model.asgi import App
from asgiviz.probe.wsgi_tap import WsgiApp


def load_target(target: str, app_dir: str, factory: bool) -> App:
    """The ASGI app that `target` names, imported with `app_dir` in front of the path.

    HostError says what is wrong: no such module or attribute, an import that raises, not an ASGI app.
    """
    found = _find(target, app_dir, factory)
    refuse_other_than_asgi(found, target, factory)
    return found  # type: ignore[no-any-return]


def load_wsgi_target(target: str, app_dir: str, factory: bool) -> WsgiApp:
    """The WSGI app that `target` names; otherwise as `load_target`."""
    found = _find(target, app_dir, factory)
    refuse_other_than_wsgi(found, target, factory)
    return found  # type: ignore[no-any-return]


def _find(target: str, app_dir: str, factory: bool) -> Any:
    module_name, _, attribute = target.partition(":")
    if not module_name or not attribute:
        raise HostError(f"{target!r} is not of the form module:attribute. Try: {_suggest(target)}", code=USAGE)
    if module_name.endswith(".py") or "/" in module_name:
        raise HostError(f"{module_name!r} is a file, not a module. Try: {_suggest(target)}", code=USAGE)
    if app_dir not in sys.path:
        sys.path.insert(0, app_dir)
    module = _import(module_name, app_dir)
    found = _attribute(module, module_name, attribute)
    return _call_factory(found, target) if factory else found


def _suggest(target: str) -> str:
    """The target that was probably meant by a file name or a bare module name."""
    name, _, attribute = target.partition(":")
    parts = [part for part in Path(name.removesuffix(".py")).parts if part not in (".", "..", "/")]
    return f"{'.'.join(parts) or 'main'}:{attribute or 'app'}"


def _import(module_name: str, app_dir: str) -> ModuleType:
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if missing == module_name or module_name.startswith(missing + "."):
            raise HostError(
                f"no module named {missing!r} in {app_dir} nor among the installed packages. "
                "Is that the right directory? Another one: --app-dir DIR",
                code=USAGE,
            ) from None
        raise HostError(f"{module_name} could not be imported: {error}", app_traceback(error, module_name)) from None
    except SystemExit as error:
        raise HostError(
            f"{module_name} called sys.exit({error.code!r}) while it was imported. "
            'Put what should only run as a script under `if __name__ == "__main__":`',
            app_traceback(error, module_name),
        ) from None
    except BaseException as error:  # noqa: BLE001  # whatever the app's module raises is told
        what = "has a syntax error" if isinstance(error, SyntaxError) else "could not be imported"
        sentence = f"{module_name} {what}: {_one_line(error)}{hint(error)}"
        raise HostError(sentence, app_traceback(error, module_name)) from None


def _attribute(module: ModuleType, module_name: str, attribute: str) -> Any:
    found: Any = module
    for name in attribute.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise HostError(
                f"{module_name} has no attribute {attribute!r}. {_what_there_is(module, attribute)}", code=USAGE
            ) from None
    return found


def _what_there_is(module: ModuleType, attribute: str) -> str:
    public = [name for name, value in vars(module).items() if not name.startswith("_") and callable(value)]
    own = [name for name in public if not isinstance(getattr(module, name), type)] or public
    likely = difflib.get_close_matches(attribute, own, 1, 0.6) or [name for name in own if name in ("app", "application")]
    if likely:
        return f"Did you mean {module.__name__}:{likely[0]}?"
    return f"It has: {', '.join(own[:12])}" if own else "It has nothing that could be called"


def _call_factory(found: Any, target: str) -> Any:
    if not callable(found):
        raise HostError(
            f"{target} is not callable, so it is no factory. Without --factory it is taken as the app itself", code=USAGE
        )
    try:
        return found()
    except BaseException as error:  # noqa: BLE001  # whatever the factory raises is told
        raise HostError(f"the factory {target} raised {_one_line(error)}", app_traceback(error, None)) from None


def refuse_other_than_asgi(app: Any, target: str, factory: bool) -> None:
    """HostError when `app` is surely no ASGI application; what cannot be told is let through."""
    what = _what(app, target, factory)
    wsgi = f"{what} is a WSGI app{{}}. To run it under a WSGI server: asgiviz trace --wsgi {target}{_flag(factory)}"
    if callable(getattr(app, "wsgi_app", None)):
        raise HostError(wsgi.format(f" ({type(app).__name__})"), code=USAGE)
    needed = _needed_parameters(app, 3)
    if needed is None:
        return
    if needed[:2] == ["environ", "start_response"]:
        raise HostError(wsgi.format(""), code=USAGE)
    _refuse_a_factory(needed, what, factory)
    if len(needed) == 1:
        raise HostError(
            f"{what} takes only ({needed[0]}): that is the old two-call form of ASGI 2. "
            "`asgiref.compatibility.guarantee_single_callable(app)` makes an ASGI 3 app of it",
            code=USAGE,
        )
    if len(needed) != 3:
        raise HostError(f"{what} takes ({', '.join(needed)}); an ASGI app takes (scope, receive, send)", code=USAGE)


def refuse_other_than_wsgi(app: Any, target: str, factory: bool) -> None:
    """HostError when `app` is surely no WSGI application; what cannot be told is let through."""
    what = _what(app, target, factory)
    needed = _needed_parameters(app, 2)
    if _is_async(app) or needed == ["scope", "receive", "send"]:
        name = "" if inspect.isroutine(app) or isinstance(app, type) else f" ({type(app).__name__})"
        raise HostError(
            f"{what} is an ASGI app{name}. Without --wsgi it is run as one: asgiviz trace {target}{_flag(factory)}", code=USAGE
        )
    if needed is None or len(needed) == 2:
        return
    _refuse_a_factory(needed, what, factory)
    raise HostError(f"{what} takes ({', '.join(needed)}); a WSGI app takes (environ, start_response)", code=USAGE)


def _what(app: Any, target: str, factory: bool) -> str:
    """What an app is called in a sentence; HostError when nobody can call it."""
    what = f"what the factory {target} gave" if factory else target
    if not callable(app):
        raise HostError(
            f"{what} is {_article(type(app).__name__)}, which is not callable. Name the app: module:attribute", code=USAGE
        )
    return what


def _flag(factory: bool) -> str:
    return " --factory" if factory else ""


def _refuse_a_factory(needed: list[str], what: str, factory: bool) -> None:
    if not needed and not factory:
        raise HostError(f"{what} takes no arguments: it looks like a factory. Try: --factory", code=USAGE)


def _is_async(app: Any) -> bool:
    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(type(app).__call__)


def _needed_parameters(app: Any, given: int) -> list[str] | None:
    """Names of the positional arguments that a call must give, or of those that a call with `given` of them would; None when
    that cannot be told or any number will do."""
    try:
        parameters = list(inspect.signature(app).parameters.values())
    except (TypeError, ValueError):
        return None
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return None
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = [parameter.name for parameter in positional if parameter.default is parameter.empty]
    return [p.name for p in positional[:given]] if len(needed) < given <= len(positional) else needed


def app_traceback(error: BaseException, module_name: str | None) -> str:
    """The traceback of `error` without the frames that lead from us to the app's module (or factory), and from it to us."""
    frames: TracebackType | None = error.__traceback__
    start = frames
    while start is not None and not _is_app_frame(start, module_name):
        start = start.tb_next
    if start is None and not isinstance(error, SyntaxError):
        start = frames
    return without_our_frames("".join(traceback.format_exception(type(error), error, start)))


def _is_app_frame(frame: TracebackType, module_name: str | None) -> bool:
    name = str(frame.tb_frame.f_globals.get("__name__", ""))
    if module_name is None:
        return name != __name__
    return (
        bool(name)
        and name.split(".")[0] == module_name.split(".")[0]
        and not frame.tb_frame.f_code.co_filename.startswith("<frozen")
    )


def hint(error: BaseException) -> str:
    """One more sentence for the errors that come from being run here."""
    if isinstance(error, ValueError) and "signal only works in main thread" in str(error):
        return ". asgiviz runs the app off the main thread; --isolate gives it a process with a main thread of its own"
    if isinstance(error, MemoryError):
        return ". It wanted more memory than there is for it"
    return ""


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _article(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
