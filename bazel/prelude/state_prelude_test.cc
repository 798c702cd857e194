#include "bazel/prelude/googletest.h"
#include "bazel/prelude/state.h"
