#include "bazel/prelude/calls.h"
#include "bazel/prelude/googletest.h"
