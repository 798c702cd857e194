#include "bazel/prelude/state.h"
#include "bazel/prelude/googletest.h"
