#ifndef MUSTER_CTL_TOP_TOP_VIEW_H_
#define MUSTER_CTL_TOP_TOP_VIEW_H_

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "muster/ctl/top/top_dialog.h"
#include "muster/ctl/top/top_line.h"
#include "muster/ctl/top/top_list.h"
#include "muster/ctl/top/top_locks.h"
#include "muster/ctl/top/top_order.h"
#include "muster/proto/admin.pb.h"
#include "muster/proto/zone_call.pb.h"

namespace muster::ctl {

// What ctl top shows, and what its keys do. Pure: no terminal and no clock. A value.
class TopView {
 public:
  // `master`: as the operator calls it.
  explicit TopView(std::string master);

  // What has come from the master, at `now` by a clock that is never set.
  void TakeStatus(const admin::v1::Status& status, absl::Duration now);
  void TakeEvent(const admin::v1::Event& event);
  void TakeLocks(const admin::v1::ListLocksResponse& locks, absl::Duration now);
  void TakeOutcome(const TopOutcome& outcome) { dialog_.TakeOutcome(outcome); }
  // Why nothing comes. Empty: it comes again.
  void SetTrouble(const std::string& trouble) { trouble_ = trouble; }

  enum class Key {
    kUp,
    kDown,
    kPageUp,
    kPageDown,
    kLeft,   // sorts by the column on the left
    kRight,  // by that on the right
    kEnter,
    kEscape,
    kBackspace,
    kInterrupt,  // quits, also out of the filter and of a question
    kOther,      // does nothing
  };
  void Press(Key key);
  // A character: a command, a part of the filter, or the answer to a question. Of keys and
  // characters only "y" is a yes.
  void Type(char character);
  bool is_over() const { return is_over_; }

  // The order to send now, once: the operator has said yes.
  std::optional<TopOrder> TakeOrder() { return dialog_.TakeOrder(); }
  // The order that was sent, whose outcome has not come.
  const std::optional<TopOrder>& order_under_way() const { return dialog_.under_way(); }

  // Exactly `height` lines of at most `width` columns. If not all columns of the workers fit, the
  // more important ones are shown, and the one by which they are sorted.
  std::vector<TopLine> Screen(std::size_t width, std::size_t height) const;

  // The same for a file: all rows, without a selection and without keys.
  std::string Text() const;

 private:
  // What does not fit on a line of that width goes on in the next one.
  std::vector<TopLine> Head(std::size_t width) const;
  // A key was pressed. True: it has answered a question.
  bool TakesAnswer(bool is_yes);
  // The worker of the selected row; null if no row is shown.
  const admin::v1::Worker* Selected() const;
  // Why the selected worker hangs, or why its last process ended. Empty: neither.
  std::string Detail() const;
  std::vector<TopLine> Locks(std::size_t most) const;
  std::vector<TopLine> Events(std::size_t most) const;
  static std::vector<TopLine> Help();

  std::string master_;
  admin::v1::Status status_;
  TopList list_;
  TopLocks locks_;
  std::deque<admin::v1::Event> events_;
  std::deque<admin::v1::Event> held_back_;  // while the screen is frozen
  std::string trouble_;
  TopDialog dialog_;

  bool is_typing_filter_ = false;
  bool is_frozen_ = false;
  bool is_help_shown_ = false;
  bool is_over_ = false;
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TOP_TOP_VIEW_H_
