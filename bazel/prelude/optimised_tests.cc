#include "bazel/prelude/googletest.h"
