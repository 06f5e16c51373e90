"""A FastAPI shop in twenty lines: `asgiviz trace shop:app --app-dir examples`."""

from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import HTMLResponse, StreamingResponse

app = FastAPI()
orders: list[dict[str, str]] = []


@app.get("/", response_class=HTMLResponse)
async def page() -> str:
    return "<h1>Shop</h1><a href='/export'>all orders</a>"


@app.post("/orders", status_code=201)
async def order(item: dict[str, str]) -> dict[str, int]:
    orders.append(item)
    return {"number": len(orders)}


@app.put("/catalogue")
async def catalogue(request: Request) -> dict[str, int]:
    return {"bytes": sum([len(chunk) async for chunk in request.stream()])}


@app.get("/export")
async def export() -> StreamingResponse:
    return StreamingResponse((f"{item}\n" for item in orders), media_type="text/plain")


@app.websocket("/live")
async def live(socket: WebSocket) -> None:
    await socket.accept()
    async for word in socket.iter_text():
        await socket.send_text(word.upper())
