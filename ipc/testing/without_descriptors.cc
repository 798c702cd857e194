#include "muster/ipc/testing/without_descriptors.h"

#include "muster/ipc/base/check.h"

namespace muster::ipc {

WithoutDescriptors::WithoutDescriptors() {
  MUSTER_CHECK(::getrlimit(RLIMIT_NOFILE, &before_) == 0, "getrlimit");
  rlimit none = before_;
  none.rlim_cur = 0;
  MUSTER_CHECK(::setrlimit(RLIMIT_NOFILE, &none) == 0, "setrlimit");
}

WithoutDescriptors::~WithoutDescriptors() {
  MUSTER_CHECK(::setrlimit(RLIMIT_NOFILE, &before_) == 0, "setrlimit");
}

}  // namespace muster::ipc
