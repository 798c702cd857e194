#include "muster/proto/state/state_check.h"

#include <string>

#include "absl/status/status.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "muster/proto/state/core_state.pb.h"
#include "muster/proto/state/deployment_state.pb.h"

namespace muster::state {
namespace {

v1::CoreState::Trial Whole() {
  v1::CoreState::Trial trial;
  trial.set_generation(2);
  trial.set_previous(1);
  trial.set_most_crashes(0);
  trial.set_began_ns(0);
  trial.set_deadline_ns(5);
  trial.set_crashes(0);
  trial.set_last_crash("");
  return trial;
}

TEST(StateCheck, TakesWhatIsWholeThoughItIsZero) {
  EXPECT_EQ(CheckState(Whole(), "trial"), absl::OkStatus());
}

TEST(StateCheck, NamesWhatIsMissing) {
  v1::CoreState::Trial trial = Whole();
  trial.clear_crashes();
  EXPECT_EQ(CheckState(trial, "trial"), absl::InvalidArgumentError("trial: crashes is missing"));
  EXPECT_EQ(CheckState(v1::CoreState(), "core"),
            absl::InvalidArgumentError("core: serving is missing"));
}

TEST(StateCheck, FindsAMessageThatIsNotWholeInAnother) {
  v1::CoreState core;
  core.set_serving(1);
  EXPECT_EQ(CheckState(core, "core"), absl::InvalidArgumentError("core: settings is missing"));
  core.mutable_settings();
  EXPECT_EQ(CheckState(core, "core"),
            absl::InvalidArgumentError("core.settings: workers is missing"));
}

TEST(StateCheck, NamesWhatItDoesNotKnow) {
  std::string bytes = Whole().SerializeAsString();
  bytes += "\xf8\x01\x07";  // field 31, a number
  v1::CoreState::Trial trial;
  ASSERT_TRUE(trial.ParseFromString(bytes));
  EXPECT_EQ(CheckState(trial, "trial"), absl::InvalidArgumentError("trial: field 31 is not known"));
}

TEST(StateCheck, TakesNoEnumerationThatItDoesNotKnow) {
  v1::CoreState::Generation generation;
  generation.set_number(1);
  generation.set_hash("");
  generation.set_is_from_call(false);
  generation.set_origin(static_cast<v1::CoreState::Generation::Origin>(77));
  EXPECT_EQ(CheckState(generation, "generation"),
            absl::InvalidArgumentError("generation.origin: the value 77 is not known"));
  generation.set_origin(v1::CoreState::Generation::ORIGIN_UNSPECIFIED);
  EXPECT_EQ(CheckState(generation, "generation"),
            absl::InvalidArgumentError("generation.origin: the value 0 is not known"));
}

v1::DeploymentState Parse(const std::string& text) {
  v1::DeploymentState state;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &state));
  return state;
}

TEST(CheckKnown, TakesWhatTheSchemaHas) {
  const auto state = Parse(
      "serving: 2 generation { number: 2 config { accept: MUTEX listen { address: 'unix:a' } } "
      "listener { user: ADMIN socket: 0 socket: 1 } }");
  EXPECT_TRUE(CheckKnown(state).ok()) << CheckKnown(state);
}

TEST(CheckKnown, NamesTheFieldThatIsUnknownAndWhereItIs) {
  auto state = Parse("generation { number: 1 } generation { config {} }");
  auto* const config = state.mutable_generation(1)->mutable_config();
  config->GetReflection()->MutableUnknownFields(config)->AddVarint(99, 1);
  EXPECT_EQ(CheckKnown(state).message(), "generation[1].config: field 99 is not known");
}

TEST(CheckKnown, NamesTheWholeMessageForAFieldOfItsOwn) {
  v1::DeploymentState state;
  state.GetReflection()->MutableUnknownFields(&state)->AddLengthDelimited(77, "text");
  EXPECT_EQ(CheckKnown(state).message(), "muster.state.v1.DeploymentState: field 77 is not known");
}

TEST(CheckKnown, NamesTheValueThatAnEnumerationDoesNotHave) {
  auto state = Parse("generation { listener {} listener { user: METRICS } }");
  state.mutable_generation(0)->mutable_listener(1)->set_user(static_cast<v1::SocketUser>(9));
  EXPECT_EQ(CheckKnown(state).message(),
            "generation[0].listener[1].user: the value 9 is not known");
}

}  // namespace
}  // namespace muster::state
