#include "muster/master/config_inquiries.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "muster/config/config_mistake.h"
#include "muster/config/config_source.h"
#include "muster/ipc/base/status.h"
#include "muster/log/printable.h"
#include "muster/master/config/config_differences.h"
#include "muster/master/config/config_hash.h"
#include "muster/master/config/config_identity.h"
#include "muster/master/deployment/user_zones.h"
#include "muster/master/reload_plan.h"
#include "muster/master/start_check.h"

namespace muster::master {
namespace {

using admin::v1::ActiveConfig;
using admin::v1::ConfigCheck;

constexpr std::size_t kMostNameBytes = 255;

void CompareWithFile(const std::string& path, const std::string& source_hash,
                     ActiveConfig* config) {
  const absl::StatusOr<std::string> source = config::ReadConfigSource(path);
  if (!source.ok()) {
    config->set_file_state(ActiveConfig::UNREADABLE);
    config->set_file_error(log::Printable(source.status().message()));
  } else {
    config->set_file_state(HashOf(*source) == source_hash ? ActiveConfig::SAME
                                                          : ActiveConfig::CHANGED);
  }
}

void AddMistake(std::string description, ConfigCheck* answer) {
  answer->add_mistakes()->set_description(log::Printable(description));
}

void TellMistakes(const absl::Status& status, ConfigCheck* answer) {
  if (status.ok()) return;
  const std::vector<config::ConfigMistake> mistakes = config::MistakesOf(status);
  for (const config::ConfigMistake& mistake : mistakes) {
    admin::v1::ConfigMistake* const told = answer->add_mistakes();
    told->set_field(mistake.field);
    told->set_line(static_cast<std::uint32_t>(mistake.line));
    told->set_column(static_cast<std::uint32_t>(mistake.column));
    told->set_description(mistake.problem);
  }
  // The file as a whole.
  if (mistakes.empty()) AddMistake(std::string(status.message()), answer);
}

struct Checked {
  ConfigCheck answer;
  config::v1::Config config{};  // if it is good
};

// Beside the loop. Makes and changes nothing.
Checked CheckNow(const DeploymentSource& source, const DeploymentSource::Current& current,
                 const std::optional<CalledConfig>& called, const ConfigIdentity& in_force) {
  StartCheck start(source.worker_binary, StartCheck::Who::kSelf);
  const config::CheckMore check_start = start.check_more();
  const absl::StatusOr<IdentifiedConfig> checked =
      source.Read(called.has_value() ? &*called : nullptr, start.describe(),
                  [&](const config::v1::Config& config) {
                    std::vector<config::FieldMistake> mistakes = check_start(config);
                    for (auto& more : ForbiddenChanges(config, current)) mistakes.push_back(more);
                    for (auto& more : ForbiddenSizes(config, current.zones)) {
                      mistakes.push_back(more);
                    }
                    return mistakes;
                  });
  ConfigCheck answer;
  TellMistakes(checked.status(), &answer);
  for (const std::string& problem : start.problems()) AddMistake(problem, &answer);
  for (const std::string& note : start.notes()) answer.add_note(log::Printable(note));
  for (const std::string& what : start.unchecked()) answer.add_unchecked(log::Printable(what));
  answer.add_unchecked(start.has_looked() ? "the start of the workers"
                                          : "worker program, addresses, files, zones and limits");
  if (answer.mistakes_size() != 0) return {std::move(answer)};
  answer.set_is_good(true);
  answer.set_hash(checked->identity.hash);
  answer.set_is_in_force(checked->identity.hash == in_force.hash);
  SetDifferences(*in_force.entries, *checked->identity.entries, &answer);
  return {std::move(answer), checked->config};
}

}  // namespace

void ConfigInquiries::Get(AdminOperations::Answer<ActiveConfig> answer) const {
  const Deployments& deployments = supervisor_.deployments();
  if (deployments.shown() == nullptr) {
    return answer(absl::FailedPreconditionError("the master has no configuration yet"));
  }
  const ConfigIdentity& identity = deployments.shown()->identity;
  ActiveConfig config;
  config.set_text(identity.shown_text);
  config.set_hash(identity.hash);
  config.set_generation(supervisor_.generation());
  config.set_file(log::Printable(deployments.source().config_file));
  config.set_is_from_call(identity.is_from_call);
  inquiries_.Ask<ActiveConfig>(
      [path = deployments.source().config_file, source_hash = identity.source_hash,
       config = std::move(config)](int) mutable -> absl::StatusOr<ActiveConfig> {
        CompareWithFile(path, source_hash, &config);
        return std::move(config);
      },
      std::move(answer));
}

void ConfigInquiries::Check(const admin::v1::ConfigText* text,
                            AdminOperations::Answer<ConfigCheck> answer) const {
  const Deployments& deployments = supervisor_.deployments();
  if (deployments.shown() == nullptr) {
    return answer(absl::FailedPreconditionError("the master has no configuration yet"));
  }
  std::optional<CalledConfig> called;
  if (text != nullptr) {
    absl::StatusOr<CalledConfig> read = ToCalledConfig(*text);
    if (!read.ok()) return answer(read.status());
    called = *std::move(read);
  }
  inquiries_.Ask<Checked>(
      [source = deployments.source(), current = deployments.CurrentFor(nullptr),
       called = std::move(called), in_force = deployments.shown()->identity](
          int) -> absl::StatusOr<Checked> { return CheckNow(source, current, called, in_force); },
      [&supervisor = supervisor_, answer = std::move(answer)](absl::StatusOr<Checked> checked) {
        if (!checked.ok()) return answer(checked.status());
        const Deployment* const shown = supervisor.deployments().shown();
        if (checked->answer.is_good() && shown != nullptr) {
          *checked->answer.mutable_plan() =
              PlanReload(checked->config, *shown, supervisor.wanted_workers());
        }
        answer(std::move(checked->answer));
      });
}

absl::StatusOr<CalledConfig> ToCalledConfig(const admin::v1::ConfigText& text) {
  if (text.name().size() > kMostNameBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("config.name: has ", text.name().size(), " bytes; at most ", kMostNameBytes));
  }
  CalledConfig called;
  called.name = text.name().empty() ? "the text of the call" : log::Printable(text.name());
  called.text = text.text();
  switch (text.format()) {
    case admin::v1::ConfigText::TEXT_FORMAT:
      return called;
    case admin::v1::ConfigText::JSON:
      called.format = config::ConfigFormat::kJson;
      return called;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("config.format: there is no format ", static_cast<int>(text.format())));
  }
}

}  // namespace muster::master
