// What most sources of a worker include beside standard.h: the configuration's messages.
#pragma once

#include "muster/proto/config.pb.h"
