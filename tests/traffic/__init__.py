"""The clients, judged by what real servers and the apps behind them saw."""
