#include "bazel/prelude/config.h"
#include "bazel/prelude/googletest.h"
