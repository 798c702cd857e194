#include "bazel/prelude/calls.h"
#include "bazel/prelude/standard.h"
