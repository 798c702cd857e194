#include "muster/worker/http/pages/stub_status.h"

#include "gtest/gtest.h"

namespace muster::worker::http {
namespace {

TEST(StubStatus, HasTheFormatOfNginx) {
  StatsValues values;
  values.active = 291;
  values.accepted = 16630948;
  values.handled = 16630947;
  values.requests = 31070465;
  values.reading = 6;
  values.writing = 179;
  values.waiting = 106;
  EXPECT_EQ(FormatStubStatus(values),
            "Active connections: 291 \n"
            "server accepts handled requests\n"
            " 16630948 16630947 31070465 \n"
            "Reading: 6 Writing: 179 Waiting: 106 \n");
}

}  // namespace
}  // namespace muster::worker::http
