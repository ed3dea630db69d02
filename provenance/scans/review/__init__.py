"""Review by people: the queue, decisions and their statements of reasons, what stays down.

One way through: `stay_down`, `decision_rows` -> `precedents`, `statements` -> `intake` (in the scan's transaction),
`queue`, `decisions` (of people), `history`.
"""
