"""Tables of an application's own database: their rows become files of a landing zone, a day once and for all.

What a table's settings say is in `settings.py`, where its database lies in `databases.py`, how it is asked in
`read.py`, which rows land when in `land.py`. What the rows mean belongs to the SQL mapping of the source, as with every
other format.
"""
