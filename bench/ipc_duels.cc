#include "bench/ipc_duels.h"

#include <iterator>

#include "bench/channel_duels.h"
#include "bench/counter_duels.h"
#include "bench/file_lock_duels.h"
#include "bench/mutex_duels.h"
#include "bench/reader_duels.h"
#include "bench/wait_duels.h"

namespace muster::bench {

std::vector<Duel> IpcDuels() {
  std::vector<Duel> all;
  for (auto* subject :
       {&MutexDuels, &CounterDuels, &FileLockDuels, &ReaderDuels, &WaitDuels, &ChannelDuels}) {
    std::vector<Duel> duels = subject();
    all.insert(all.end(), std::make_move_iterator(duels.begin()),
               std::make_move_iterator(duels.end()));
  }
  return all;
}

}  // namespace muster::bench
