#include "bazel/prelude/config.h"
#include "bazel/prelude/standard.h"
