"""One index over several machines: shards that are actors of a Ray cluster, asked by services as one view.

`layout` says which shard holds what, `questions` what is sent, `shard` answers on its machine, `view` asks all of them
and checks what they answer. Nothing here but `ray_process`, which runs in a process of its own, imports Ray.
"""
