#include "muster/master/process/service_notifier.h"

#include <systemd/sd-daemon.h>

#include <chrono>
#include <string>

#include "absl/strings/str_cat.h"

namespace muster::master {
namespace {

void Notify(const std::string& state) { ::sd_notify(/*unset_environment=*/0, state.c_str()); }

}  // namespace

void NotifyReady(absl::string_view status) {
  Notify(absl::StrCat("READY=1\nSTATUS=", status, "\n"));
}

void NotifyReloading() {
  // Type=notify-reload wants both in one datagram.
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const auto now_us = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  Notify(absl::StrCat("RELOADING=1\nMONOTONIC_USEC=", now_us, "\n"));
}

void NotifyStopping() { Notify("STOPPING=1\n"); }

}  // namespace muster::master
