"""What this kernel and this user can do: one finding a line, each missing thing with its mend.

Everything that makes something (a namespace, a TAP) does so in a child process inside a namespace of its own, so that looking
changes nothing.
"""
