#include "muster/ctl/top/top_dialog.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

std::string Unsent(const TopOrder& order, const std::string& why) {
  return absl::StrCat(order.Text(), ": nothing was sent", why.empty() ? "" : ": ", why);
}

}  // namespace

void TopDialog::Ask(v1::ChangeWorkerRequest::Change change, const v1::Worker* selected) {
  if (under_way_.has_value()) {
    said_ = {.text = " (one order at a time)"};
    return;
  }
  if (selected == nullptr) {
    said_ = {.text = "no worker is selected", .colour = Colour::kYellow};
    return;
  }
  const TopOrder order = {.change = change,
                          .number = selected->index(),
                          .generation = selected->generation(),
                          .pid = selected->pid()};
  if (const std::string why = WhyNotSent(order, status_); !why.empty()) {
    said_ = {.text = Unsent(order, why), .colour = Colour::kYellow};
    return;
  }
  asked_ = order;
}

void TopDialog::Answer(bool is_yes) {
  if (!asked_.has_value()) return;
  const TopOrder order = *std::exchange(asked_, std::nullopt);
  if (!is_yes) {
    said_ = {.text = Unsent(order, ""), .colour = Colour::kDim};
  } else if (const std::string why = WhyNotSent(order, status_); !why.empty()) {
    said_ = {.text = Unsent(order, why), .colour = Colour::kYellow};
  } else {
    said_ = {};
    to_send_ = order;
    under_way_ = order;
  }
}

std::optional<TopOrder> TopDialog::TakeOrder() { return std::exchange(to_send_, std::nullopt); }

void TopDialog::TakeOutcome(const TopOutcome& outcome) {
  if (!under_way_.has_value()) return;
  const TopOrder order = *std::exchange(under_way_, std::nullopt);
  if (!outcome.unsent.empty()) {
    said_ = {.text = Unsent(order, outcome.unsent), .colour = Colour::kRed};
    return;
  }
  if (!outcome.answer.ok()) {
    said_ = {.text = absl::StrCat(order.Text(), ": ", outcome.answer.status().message()),
             .colour = Colour::kRed};
    return;
  }
  said_ = {.text = absl::StrCat(order.Text(), ": ",
                                order.change == v1::ChangeWorkerRequest::DRAIN
                                    ? "it drains, and is not replaced"
                                    : "it was replaced"),
           .colour = Colour::kGreen};
  for (const std::string& warning : outcome.answer->warning()) {
    absl::StrAppend(&said_.text, "; warning: ", warning);
    said_.colour = Colour::kYellow;
  }
}

std::string TopDialog::Text() const {
  if (asked_.has_value()) return absl::StrCat(asked_->Text(), "? y/n");
  if (!under_way_.has_value()) return said_.text;
  return absl::StrCat(under_way_->Text(/*doing=*/true), "...", said_.text);
}

Colour TopDialog::colour() const {
  if (asked_.has_value()) return Colour::kYellow;
  return under_way_.has_value() ? Colour::kNone : said_.colour;
}

}  // namespace muster::ctl
