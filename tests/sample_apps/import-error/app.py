"""Cannot be imported."""

import no_such_module_here

app = no_such_module_here.app
