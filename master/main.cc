#include <variant>

#include "muster/master/command_line.h"
#include "muster/master/run.h"
#include "muster/process_env/process_title.h"

namespace {

using muster::master::ExitCode;
using muster::master::Invocation;
using muster::master::Order;

struct CarryOut {
  const Invocation& invocation;
  muster::process_env::ProcessTitle& title;

  ExitCode operator()(Invocation::Run) const {
    title.Set("muster: master process");
    return muster::master::RunMaster(invocation);
  }
  ExitCode operator()(Invocation::TestConfig) const {
    return muster::master::TestConfig(invocation);
  }
  ExitCode operator()(Order order) const { return muster::master::GiveOrder(invocation, order); }
};

}  // namespace

int main(int argc, char** argv) {
  const auto parsed =
      muster::master::ParseCommandLine(argc, argv, muster::master::CallersDirectory());
  if (const auto* code = std::get_if<ExitCode>(&parsed)) return static_cast<int>(*code);
  const Invocation& invocation = std::get<Invocation>(parsed);
  muster::process_env::ProcessTitle title(argc, argv);
  return static_cast<int>(std::visit(CarryOut{invocation, title}, invocation.what));
}
