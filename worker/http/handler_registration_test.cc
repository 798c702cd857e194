// How handlers are found by their names and made, and what is said when they cannot.

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "muster/proto/field_error.h"
#include "muster/worker/http/handler.h"
#include "muster/worker/http/service_fixture.h"

namespace muster::worker::http {
namespace {

struct Silent : public Handler {
  void Handle(const Request& /*request*/, Reply /*reply*/) override {}
};

class HandlerRegistration : public ServiceFixture {
 protected:
  void Register(HandlerFactory factory) {
    handlers()["h"] = std::move(factory);
    config::v1::Location& location = *http().add_location();
    location.set_path("/h/");
    location.set_handler("h");
  }
};

TEST_F(HandlerRegistration, IsSharedByLocationsOfItsName) {
  int made = 0;
  Register([&](worker::Context&) {
    ++made;
    return std::make_unique<Silent>();
  });
  config::v1::Location& location = *http().add_location();
  location.set_path("/again");
  location.set_handler("h");
  ASSERT_TRUE(Start().ok());
  EXPECT_EQ(made, 1);
}

TEST_F(HandlerRegistration, IsMissedByName) {
  Register(AnswerWith([](const Request&) { return Response{}; }));
  config::v1::Location& location = *http().add_location();
  location.set_path("/x");
  location.set_handler("x");
  EXPECT_EQ(Start(),
            config::AtField(absl::InvalidArgumentError(
                                "http.location[2].handler: this worker has no \"x\"; it has h"),
                            "http.location[2].handler"));
}

TEST_F(HandlerRegistration, TellsWhyItCannotBeMade) {
  Register([](worker::Context&) -> absl::StatusOr<std::unique_ptr<Handler>> {
    return absl::FailedPreconditionError("zone \"a\": is not declared");
  });
  EXPECT_EQ(Start(),
            config::AtField(absl::FailedPreconditionError(
                                "http.location[1].handler \"h\": zone \"a\": is not declared"),
                            "http.location[1].handler"));
}

TEST_F(HandlerRegistration, TellsWhichFieldIsTheCauseWhenItKnows) {
  Register([](worker::Context&) -> absl::StatusOr<std::unique_ptr<Handler>> {
    return config::AtField(absl::InvalidArgumentError("is too long"), "service.greeting");
  });
  EXPECT_EQ(config::FieldOf(Start()), "service.greeting");
}

}  // namespace
}  // namespace muster::worker::http
