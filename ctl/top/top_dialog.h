#ifndef MUSTER_CTL_TOP_TOP_DIALOG_H_
#define MUSTER_CTL_TOP_TOP_DIALOG_H_

#include <optional>
#include <string>

#include "muster/ctl/text/colour.h"
#include "muster/ctl/top/top_order.h"
#include "muster/proto/admin.pb.h"

namespace muster::ctl {

// The talk about one order at a time: a question, its answer, the waiting, and the outcome until
// the next key. Pure: it sends nothing itself. A value.
class TopDialog {
 public:
  // The newest status of the master, also while the screen is frozen.
  void TakeStatus(const admin::v1::Status& status) { status_ = status; }

  // Asks whether to `change` the worker of the selected row; null: no row is. Says why not, if the
  // order would not reach it or another one is under way.
  void Ask(admin::v1::ChangeWorkerRequest::Change change, const admin::v1::Worker* selected);
  bool is_asking() const { return asked_.has_value(); }

  // Answers the question.
  void Answer(bool is_yes);
  // The order to send now, once.
  std::optional<TopOrder> TakeOrder();
  // Of the order that was sent. It is under way until then.
  void TakeOutcome(const TopOutcome& outcome);

  // A key: what was said does not stay.
  void Forget() { said_ = {}; }

  // The order whose outcome has not come.
  const std::optional<TopOrder>& under_way() const { return under_way_; }

  // What is shown: the question, or what is under way, or what was said. Empty: nothing.
  std::string Text() const;
  Colour colour() const;

 private:
  struct Said {
    std::string text;
    Colour colour = Colour::kNone;
  };

  admin::v1::Status status_;
  std::optional<TopOrder> asked_;
  std::optional<TopOrder> to_send_;
  std::optional<TopOrder> under_way_;  // none while a question is asked
  Said said_;
};

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TOP_TOP_DIALOG_H_
