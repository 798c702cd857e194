#ifndef MUSTER_CTL_TOP_TOP_SCREEN_H_
#define MUSTER_CTL_TOP_TOP_SCREEN_H_

#include "absl/status/status.h"
#include "muster/ctl/top/top_feed.h"
#include "muster/ctl/top/top_sender.h"
#include "muster/ctl/top/top_view.h"

namespace muster::ctl {

// True if standard input and output are a terminal that can show a screen.
bool IsScreenThere();

// Shows `view` with the news of `feed` on the terminal until its end, and sends the orders of the
// operator by `sender`. NotFound: the terminal is of a kind that is not known. DeadlineExceeded:
// the operator has left before the outcome of an order came. One at a time in a process, since
// ncurses has one terminal.
absl::Status ShowTop(TopFeed& feed, TopSender& sender, TopView& view);

}  // namespace muster::ctl

#endif  // MUSTER_CTL_TOP_TOP_SCREEN_H_
