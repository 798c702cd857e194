#include "muster/ctl/command/command.h"
#include "muster/ctl/manual/man_page.h"
#include "muster/ctl/text/output.h"

namespace muster::ctl {
namespace {

absl::Status Run(const Session& session) { return Write(ManPage(session.list)); }

}  // namespace

const Command kManCommand = {
    .name = "man",
    .summary = "Print the manual page, for man",
    .details =
        "It is made of what --help shows.\n"
        "\n"
        "Examples:\n"
        "  ctl man | man -l -\n"
        "  ctl man >/usr/local/share/man/man1/ctl.1",
    .run = Run,
};

}  // namespace muster::ctl
