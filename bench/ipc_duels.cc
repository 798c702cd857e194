#include "muster/bench/ipc_duels.h"

#include <iterator>

#include "muster/bench/channel_duels.h"
#include "muster/bench/counter_duels.h"
#include "muster/bench/file_lock_duels.h"
#include "muster/bench/metric_duels.h"
#include "muster/bench/mutex_duels.h"
#include "muster/bench/reader_duels.h"
#include "muster/bench/task_duels.h"
#include "muster/bench/thread_duels.h"
#include "muster/bench/wait_duels.h"
#include "muster/bench/zone_duels.h"

namespace muster::bench {

std::vector<Duel> IpcDuels() {
  std::vector<Duel> all;
  for (auto* subject : {&MutexDuels, &ThreadDuels, &CounterDuels, &MetricDuels, &FileLockDuels,
                        &ReaderDuels, &WaitDuels, &ChannelDuels, &ZoneDuels, &TaskDuels}) {
    std::vector<Duel> duels = subject();
    all.insert(all.end(), std::make_move_iterator(duels.begin()),
               std::make_move_iterator(duels.end()));
  }
  return all;
}

}  // namespace muster::bench
