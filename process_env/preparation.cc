#include "muster/process_env/preparation.h"

#include <sys/stat.h>

#include "muster/process_env/standard_descriptors.h"

namespace muster::process_env {

absl::Status PrepareProcess(const SignalUse& signals) {
  // First: a signal may come at any time.
  StartSignals(signals);
  ::umask(kFileModeMask);
  return OpenStandardDescriptors();
}

}  // namespace muster::process_env
