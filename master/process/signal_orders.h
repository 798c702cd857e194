#ifndef MUSTER_MASTER_PROCESS_SIGNAL_ORDERS_H_
#define MUSTER_MASTER_PROCESS_SIGNAL_ORDERS_H_

#include <signal.h>

#include <array>
#include <cstddef>

#include "muster/ipc/process/signal_table.h"

namespace muster::master {

// What a signal to the master asks for.
enum class SignalOrder {
  kReload,
  kReopen,
  kQuit,
  kStop,
  kPause,
  kMoreWorkers,
  kFewerWorkers,
  kUpgrade
};

inline constexpr ipc::SignalTable kSignalOrders({
    ipc::SignalEntry<SignalOrder>{SIGHUP, "HUP", SignalOrder::kReload},
    ipc::SignalEntry<SignalOrder>{SIGUSR1, "USR1", SignalOrder::kReopen},
    ipc::SignalEntry<SignalOrder>{SIGQUIT, "QUIT", SignalOrder::kQuit},
    ipc::SignalEntry<SignalOrder>{SIGTERM, "TERM", SignalOrder::kStop},
    ipc::SignalEntry<SignalOrder>{SIGINT, "INT", SignalOrder::kStop},
    ipc::SignalEntry<SignalOrder>{SIGWINCH, "WINCH", SignalOrder::kPause},
    ipc::SignalEntry<SignalOrder>{SIGTTIN, "TTIN", SignalOrder::kMoreWorkers},
    ipc::SignalEntry<SignalOrder>{SIGTTOU, "TTOU", SignalOrder::kFewerWorkers},
    ipc::SignalEntry<SignalOrder>{SIGUSR2, "USR2", SignalOrder::kUpgrade},
});

// What the master reads: those of kSignalOrders, and CHLD, which tells that a child has died.
inline constexpr auto kMasterSignals = [] {
  std::array<int, kSignalOrders.size() + 1> numbers = {};
  std::size_t count = 0;
  for (const auto& entry : kSignalOrders) numbers[count++] = entry.number;
  numbers[count] = SIGCHLD;
  return numbers;
}();

}  // namespace muster::master

#endif  // MUSTER_MASTER_PROCESS_SIGNAL_ORDERS_H_
