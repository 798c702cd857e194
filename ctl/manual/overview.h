#ifndef MUSTER_CTL_MANUAL_OVERVIEW_H_
#define MUSTER_CTL_MANUAL_OVERVIEW_H_

namespace muster::ctl {

// What --help and the man page say beyond the table of commands.

inline constexpr char kWhichMaster[] =
    "Without --master, ctl asks the default master of ~/.config/muster/ctl.textproto. If that "
    "names\n"
    "none, it tries these sockets, relative to the current folder: run/admin.sock,\n"
    "examples/site/run/admin.sock, /run/muster/admin.sock.";

inline constexpr char kExitCodes[] =
    "Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no master there, 4 no answer in\n"
    "time, or the connection was lost, 5 some of several masters did not answer. After 4 the\n"
    "outcome of a change is unknown; ctl call shows it.";

inline constexpr char kExamples[] =
    "  ctl status\n"
    "  ctl reload\n"
    "  ctl -o json stats | jq .total.requests\n"
    "  ctl --master web-1,web-2 status\n"
    "  MUSTER_MASTER=/run/muster/admin.sock ctl workers\n"
    "  tools/ctl status                                  (in the source tree)";

}  // namespace muster::ctl

#endif  // MUSTER_CTL_MANUAL_OVERVIEW_H_
