# fails: together, loop-free, fast-enough | a thread, and then the loop stands at join()
import threading

import legacy


async def app(scope, receive, send):
    assert scope["type"] == "http"
    rows = []
    thread = threading.Thread(
        target=lambda: rows.append(legacy.query(scope["path"]))
    )
    thread.start()
    thread.join()
    row = rows[0]
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": row.encode()})
