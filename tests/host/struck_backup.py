"""Backups and restores in which a fault strikes."""

from pushdeploy.system.failpoints import Point

SET = [
    *(Point.BACKUP_PROTECTED, Point.BACKUP_KEY, Point.BACKUP_MADE, Point.BACKUP_SET),
    Point.BACKUP_UNSET,
]

KEEP = [Point.BACKUP_TIMER, Point.BACKUP_CHANGED, Point.BACKUP_PRUNED]

CREATE = [
    Point.BACKUP_COMMAND,
    *(Point.BACKUP_STOPPED, Point.BACKUP_BEGUN, Point.BACKUP_SERVER, Point.BACKUP_DUMPED),
    Point.BACKUP_COPIED,
    *(Point.BACKUP_COPIES_DELETED, Point.BACKUP_STAGED, Point.BACKUP_NEEDS, Point.BACKUP_STORED),
    *(Point.BACKUP_SWEPT, Point.BACKUP_NOTED),
]

PAUSE = [Point.BACKUP_PAUSED]
"""Of an app without commands around its backup, which has written something of late."""

RESTORE = [
    *(Point.RESTORE_BEGUN, Point.RESTORE_READ, Point.RESTORE_POINTED, Point.RESTORE_RECORDS),
    *(
        Point.RESTORE_ADAPTED,
        Point.RESTORE_HELD,
        Point.RESTORE_RENAMED,
        Point.RESTORE_SWEPT,
        Point.RESTORE_OWNED,
        Point.RESTORE_SERVED,
    ),
]
"""Of a copy."""

RESTORE_ALL = [
    *(Point.RESTORE_SETTINGS, Point.RESTORE_KEYS, Point.RESTORE_CERTIFICATE),
    *(Point.RESTORE_SNIPPETS, Point.RESTORE_BARE),
]
"""And of what is not an app's own."""

RESTORE_DATABASE = [
    Point.RESTORE_DUMP,
    Point.RESTORE_LET_GO,
    Point.RESTORE_DATABASES,
]
"""And of an app with a database."""

RESTORE_NEEDS = [Point.RESTORE_INSTALLED]
"""And on a server that lacks something."""
