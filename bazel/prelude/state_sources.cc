#include "bazel/prelude/state.h"
#include "bazel/prelude/standard.h"
