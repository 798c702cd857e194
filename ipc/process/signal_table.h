#ifndef MUSTER_IPC_PROCESS_SIGNAL_TABLE_H_
#define MUSTER_IPC_PROCESS_SIGNAL_TABLE_H_

#include <cstddef>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"

namespace muster::ipc {

// The command that a process executes on a signal. `Command` is an enum that the process defines,
// or int.
template <typename Command>
struct SignalEntry {
  int number;
  absl::string_view name;  // without "SIG": "HUP"
  Command command;
};

// An immutable table of the signals that a process obeys, with lookup by signal and by command:
//
//   constexpr SignalTable kSignals({
//       SignalEntry<Order>{SIGHUP, "HUP", Order::kReload},
//       SignalEntry<Order>{SIGQUIT, "QUIT", Order::kQuit},
//   });
//
// Several signals may have the same command; FindCommand returns the first. Returned pointers are
// valid as long as the table. All methods are thread-safe; FindNumber is async-signal-safe.
template <typename Command, std::size_t kEntries>
class SignalTable {
 public:
  using Entry = SignalEntry<Command>;

  constexpr explicit SignalTable(const Entry (&entries)[kEntries]) {
    for (std::size_t i = 0; i < kEntries; ++i) entries_[i] = entries[i];
  }

  // All three return null if the table has no such entry.
  constexpr const Entry* FindNumber(int number) const {
    for (const Entry& entry : entries_) {
      if (entry.number == number) return &entry;
    }
    return nullptr;
  }

  constexpr const Entry* FindCommand(Command command) const {
    for (const Entry& entry : entries_) {
      if (entry.command == command) return &entry;
    }
    return nullptr;
  }

  // `text` is "HUP", "SIGHUP", "sighup" or "1".
  const Entry* FindName(absl::string_view text) const {
    int number = 0;
    if (absl::SimpleAtoi(text, &number)) return FindNumber(number);
    if (absl::StartsWithIgnoreCase(text, "SIG")) text.remove_prefix(3);
    for (const Entry& entry : entries_) {
      if (absl::EqualsIgnoreCase(entry.name, text)) return &entry;
    }
    return nullptr;
  }

  constexpr const Entry* begin() const { return entries_; }
  constexpr const Entry* end() const { return entries_ + kEntries; }
  constexpr std::size_t size() const { return kEntries; }

 private:
  Entry entries_[kEntries] = {};
};

}  // namespace muster::ipc

#endif  // MUSTER_IPC_PROCESS_SIGNAL_TABLE_H_
