#include "engine/engine_host.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/host_test.h"

namespace aiges::test {
namespace {

class EngineHostTest : public HostTest {};

TEST_F(EngineHostTest, StartsConnectsAndAsksOnce) {
  script_->on_init = [this] {
    EXPECT_NE(script_->context(), nullptr) << "connect comes before init";
    return Status();
  };
  EngineHost& host = start();
  EXPECT_EQ(script_->inits.get(), 1);
  EXPECT_EQ(host.name(), "fake");
  EXPECT_EQ(host.version(), "fake 1");
  EXPECT_EQ(host.schema(), "{}");
  EXPECT_EQ(host.modes(), kAllModes);
  EXPECT_FALSE(host.closed());
}

TEST_F(EngineHostTest, EnginesOfOneRuntimeHaveDifferentNumbers) {
  start();
  const auto other = std::make_shared<EngineHost>(
      *runtime_, std::make_unique<FakeEngine>(std::make_shared<Script>()), EngineHost::Options{});
  EXPECT_NE(other->number(), host_->number());
}

TEST_F(EngineHostTest, FailedInitEndsItWithoutFini) {
  failed_inits_ = 1;
  script_->on_init = [] { return engine_says_no(42); };
  host_ = std::make_shared<EngineHost>(*runtime_, std::make_unique<FakeEngine>(script_),
                                       EngineHost::Options{});
  const Status status = host_->start({});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.engine_code(), 42);
  const Result<OutputPtr> result = host_->exec(*a_request(), {});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().code(), Code::kInactive);
  EXPECT_TRUE(host_->close({}).ok());
  EXPECT_EQ(script_->finis.get(), 0);
  EXPECT_EQ(script_->execs.get(), 0);
}

TEST_F(EngineHostTest, WantedModesMustBeOffered) {
  script_->modes = static_cast<ModeSet>(Mode::kOnce);
  EngineHost::Options options;
  options.name = "fake";
  options.wanted_modes = static_cast<ModeSet>(Mode::kStream) | static_cast<ModeSet>(Mode::kOnce);
  const auto host =
      std::make_shared<EngineHost>(*runtime_, std::make_unique<FakeEngine>(script_), options);
  const Status status = host->start({});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(kind_of(status), "load");
  EXPECT_NE(status.message().find("offers once; asked for once, stream"), std::string::npos)
      << status.message();
  EXPECT_EQ(script_->inits.get(), 0);
}

TEST_F(EngineHostTest, WantedModesHideTheOthers) {
  EngineHost::Options options;
  options.wanted_modes = static_cast<ModeSet>(Mode::kStream);
  start(options);
  EXPECT_EQ(host_->modes(), static_cast<ModeSet>(Mode::kStream));
  const Result<OutputPtr> result = host_->exec(*a_request(), {});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().code(), Code::kLoad);
  EXPECT_EQ(script_->execs.get(), 0);
  EXPECT_EQ(stat(&Stats::calls), 0U);
}

TEST_F(EngineHostTest, DescribesModes) {
  EXPECT_EQ(describe_modes(0), "none");
  EXPECT_EQ(describe_modes(kAllModes), "once, once_async, stream, stream_async");
  EXPECT_EQ(describe_modes(static_cast<ModeSet>(Mode::kStreamAsync)), "stream_async");
}

TEST_F(EngineHostTest, ExecGivesATagAndTheRequest) {
  std::string tag;
  script_->on_exec = [&](const Request& request) -> Result<OutputPtr> {
    tag = request.tag_text;
    EXPECT_EQ(TagText::parse(request.tag_text), request.tag);
    EXPECT_EQ(engine_number_of(request.tag), host_->number());
    EXPECT_EQ(request.data.size(), 1U);
    return text_output("k", "result");
  };
  start();
  EXPECT_EQ(text_of(host_->exec(*a_request(), {})), "result");
  const std::string first = tag;
  EXPECT_EQ(text_of(host_->exec(*a_request(), {})), "result");
  EXPECT_NE(tag, first);
  EXPECT_EQ(stat(&Stats::calls), 2U);
  EXPECT_EQ(stat(&Stats::failures), 0U);
  EXPECT_EQ(stat(&Stats::bytes_in), 10U);
  EXPECT_EQ(stat(&Stats::bytes_out), 12U);
}

TEST_F(EngineHostTest, ExecFailureIsCountedAndPassedOn) {
  script_->on_exec = [](const Request&) -> Result<OutputPtr> { return engine_says_no(21); };
  start();
  const Result<OutputPtr> result = host_->exec(*a_request(), {});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().engine_code(), 21);
  EXPECT_EQ(result.status().message(), "fake error 21;code=21");
  EXPECT_EQ(stat(&Stats::calls), 1U);
  EXPECT_EQ(stat(&Stats::failures), 1U);
  EXPECT_EQ(host_->gate().calls(), 0U);
}

TEST_F(EngineHostTest, SlowIsLearntFromTheLastCall) {
  Latch go;
  bool slow = false;
  script_->on_exec = [&](const Request&) -> Result<OutputPtr> {
    if (slow) (void)Latch().wait(std::chrono::milliseconds(15));  // nobody opens it
    return text_output("k", "v");
  };
  start();
  EXPECT_TRUE(host_->slow()) << "unknown counts as slow";
  // A loaded machine can make a quick call slow, not a slow one quick.
  for (int i = 0; i < 1000 && host_->slow(); ++i) (void)host_->exec(*a_request(), {});
  EXPECT_FALSE(host_->slow());
  slow = true;
  (void)host_->exec(*a_request(), {});
  EXPECT_TRUE(host_->slow());
}

TEST_F(EngineHostTest, ConcurrencyLimitsWhoIsInside) {
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  const Latch go;
  script_->on_exec = [&](const Request&) -> Result<OutputPtr> {
    most = std::max(most.load(), ++inside);
    (void)go.wait();
    --inside;
    return text_output("k", "v");
  };
  start_with(2);
  std::vector<std::future<bool>> calls;
  for (int i = 0; i < 4; ++i)
    calls.push_back(in_thread([&] { return host_->exec(*a_request(), patient()).ok(); }));
  ASSERT_TRUE(script_->execs.reaches(2));
  const Result<OutputPtr> refused = host_->exec(*a_request(), within(kSoon));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(kind_of(refused), "overload");
  EXPECT_EQ(refused.status().code(), Code::kOverload);
  EXPECT_EQ(script_->execs.get(), 2);
  go.open();
  for (auto& call : calls) EXPECT_TRUE(call.get());
  EXPECT_LE(most, 2);
  EXPECT_EQ(stat(&Stats::calls), 5U);
  EXPECT_EQ(stat(&Stats::failures), 1U);
}

TEST_F(EngineHostTest, ResourcesAreLoadedUsedAndUnloaded) {
  std::vector<std::uint32_t> loaded;
  std::vector<std::uint32_t> unloaded;
  std::vector<std::uint32_t> seen;
  script_->on_load_resource = [&](std::uint32_t id) {
    loaded.push_back(id);
    return id == 3 ? engine_says_no(51) : Status();
  };
  script_->on_unload_resource = [&](std::uint32_t id) {
    unloaded.push_back(id);
    return Status();
  };
  script_->on_exec = [&](const Request& request) -> Result<OutputPtr> {
    seen.assign(request.resources.begin(), request.resources.end());
    EXPECT_FALSE(host_->unload_resource(1).ok()) << "it is in use";
    return text_output("k", "v");
  };
  start();
  ASSERT_EQ(host_->load_resource({}).value(), 1U);
  ASSERT_EQ(host_->load_resource({}).value(), 2U);
  const Result<std::uint32_t> refused = host_->load_resource({});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().engine_code(), 51);
  EXPECT_EQ(host_->resources().size(), 2U);

  EXPECT_TRUE(host_->exec(*a_request({2, 1}), {}).ok());
  EXPECT_EQ(seen, (std::vector<std::uint32_t>{2, 1}));
  const Result<OutputPtr> unknown = host_->exec(*a_request({1, 3}), {});
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(kind_of(unknown), "invalid data");
  EXPECT_EQ(script_->execs.get(), 1);

  EXPECT_TRUE(host_->unload_resource(1).ok());
  EXPECT_FALSE(host_->unload_resource(1).ok());
  EXPECT_TRUE(host_->close(patient()).ok());
  EXPECT_EQ(unloaded, (std::vector<std::uint32_t>{1, 2})) << "the close unloads the rest";
}

TEST_F(EngineHostTest, EventsReachTheLog) {
  start();
  host_->events().listen(EngineContext::Event::kTrace, nullptr);
  const std::string tag = TagText(host_->router().next_id()).c_str();
  EXPECT_EQ(host_->on_event(EngineContext::Event::kMeter, tag.c_str(), "k", nullptr, 4), 0);
  EXPECT_EQ(host_->on_event(EngineContext::Event::kTrace, tag.c_str(), "k", "v", 0), 0);
  EXPECT_EQ(host_->events().totals()["k"], 4);
  ASSERT_EQ(host_->events().take().size(), 1U);
}

TEST_F(EngineHostTest, EventsAreTakenFromInitToFini) {
  const auto raise = [this] {
    return script_->context()->on_event(EngineContext::Event::kMeter, "any tag", "k", nullptr, 1);
  };
  script_->on_init = [&] {
    EXPECT_EQ(raise(), 0);
    return Status();
  };
  script_->on_fini = [&] {
    EXPECT_EQ(raise(), -1);
    return Status();
  };
  start();
  EXPECT_EQ(raise(), 0);
  EXPECT_TRUE(host_->close({}).ok());
  EXPECT_EQ(raise(), -1);
  EXPECT_EQ(host_->events().totals()["k"], 2);
}

TEST_F(EngineHostTest, EventsOfACallAreLeftForItsCaller) {
  int told = 0;
  const auto raise = [this] { host_->on_event(EngineContext::Event::kTrace, "tag", "k", "v", 0); };
  script_->on_exec = [&](const Request&) -> Result<OutputPtr> {
    raise();
    return text_output("k", "v");
  };
  start();
  host_->events().listen(EngineContext::Event::kTrace, [&] { ++told; });
  EXPECT_TRUE(host_->exec(*a_request(), {}).ok());
  EXPECT_EQ(told, 0);
  EXPECT_EQ(host_->events().take().size(), 1U);
  raise();
  EXPECT_EQ(told, 1);
}

TEST_F(EngineHostTest, ErrorsCarryTheEnginesText) {
  start();
  const Status status = host_->engine_error("wrapperExec", Code::kExec, 7);
  EXPECT_EQ(status.message(), "fake error 7;code=7");
  EXPECT_EQ(status.engine_code(), 7);
  EXPECT_EQ(kind_of(status), "engine");
  EXPECT_EQ(kind_of(host_->engine_error("wrapperInit", Code::kInit, 7)), "init");
}

// What a forked child is answered, as bits: each is set when the answer was right.
int in_forked_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(EngineHostTest, ForkedChildIsRefusedAndDoesNotFinishTheEngine) {
  start();
  EXPECT_EQ(in_forked_child([this] {
              int right = 0;
              const Result<OutputPtr> result = host_->exec(*a_request(), {});
              if (!result.ok() && result.status().code() == Code::kInactive &&
                  result.status().message().find("forked") != std::string::npos)
                right |= 1;
              if (!host_->load_resource({}).ok()) right |= 2;
              bool refused = false;
              host_->exec_async(a_request(), Deadline::never(),
                                [&](Result<OutputPtr> outcome) { refused = !outcome.ok(); });
              if (refused) right |= 4;
              if (!host_->exec_waiting(a_request(), {}).ok()) right |= 8;
              if (host_->close({}).ok() && script_->finis.get() == 0) right |= 16;
              if (script_->execs.get() == 0 && script_->exec_asyncs.get() == 0) right |= 32;
              return right;
            }),
            63);
  EXPECT_TRUE(host_->exec(*a_request(), {}).ok()) << "the parent goes on";
}

}  // namespace
}  // namespace aiges::test
