#include "bazel/prelude/standard.h"
#include "bazel/prelude/state.h"
