#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wire/descriptors.h"
#include "wire/golden.h"
#include "wire/health.h"
#include "wire/reflection.h"
#include "wire/tool_box.h"
#include "wire/wire_test.h"

namespace aiges::wire {
namespace {

using test::flat;

TEST(ToolBox, BothMessages) {
  EXPECT_EQ(flat(encode_tool_box_request({"q", "h", "b"})), golden::kToolBoxRequest);
  EXPECT_EQ(flat(encode_tool_box_reply({"h", "b"})), golden::kToolBoxReply);
  const auto request = decode_tool_box_request(golden::kToolBoxRequest);
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request.value().query, "q");
  EXPECT_EQ(request.value().headers, "h");
  EXPECT_EQ(request.value().body, "b");
  const auto reply = decode_tool_box_reply(golden::kToolBoxReply);
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply.value().headers, "h");
  EXPECT_EQ(reply.value().body, "b");
  EXPECT_FALSE(decode_tool_box_request("\x0A\x05").ok());
  EXPECT_FALSE(decode_tool_box_reply("\x0A\x05").ok());
}

TEST(Health, BothMessages) {
  const std::string request = flat(encode_health_request("aiges.v1.Engine"));
  EXPECT_EQ(request, test::sized(1, "aiges.v1.Engine"));
  EXPECT_EQ(decode_health_request(request).value(), "aiges.v1.Engine");
  EXPECT_EQ(decode_health_request("").value(), "");
  for (const ServingStatus status :
       {ServingStatus::kUnknown, ServingStatus::kServing, ServingStatus::kNotServing,
        ServingStatus::kServiceUnknown, static_cast<ServingStatus>(9)})
    EXPECT_EQ(decode_health_response(flat(encode_health_response(status))).value(), status);
  EXPECT_EQ(flat(encode_health_response(ServingStatus::kServing)), "\x08\x01");
  EXPECT_FALSE(decode_health_request("\xFF").ok());
  EXPECT_FALSE(decode_health_response("\x08").ok());
}

TEST(Health, List) {
  const ServiceHealth services[] = {{"a", ServingStatus::kServing}, {"b", ServingStatus::kUnknown}};
  EXPECT_EQ(flat(encode_health_list(services)), golden::kHealthList);
}

TEST(Reflection, EveryQuestion) {
  using Kind = ReflectionRequest::Kind;
  const auto ask = [](unsigned field) {
    const std::string bytes = test::sized(1, "host") + test::sized(field, "name");
    const auto request = decode_reflection_request(bytes);
    return request.ok() && request.value().host == "host" && request.value().argument == "name"
               ? request.value().kind
               : Kind::kNone;
  };
  EXPECT_EQ(ask(3), Kind::kFileByName);
  EXPECT_EQ(ask(4), Kind::kFileBySymbol);
  EXPECT_EQ(ask(6), Kind::kExtensionNumbers);
  EXPECT_EQ(ask(7), Kind::kListServices);
  EXPECT_EQ(decode_reflection_request("").value().kind, Kind::kNone);
  EXPECT_EQ(decode_reflection_request(test::sized(15, "later")).value().kind, Kind::kNone);
  EXPECT_FALSE(decode_reflection_request("\x0A\x05").ok());

  const auto extension = decode_reflection_request(golden::kReflectionRequest);
  ASSERT_TRUE(extension.ok());
  EXPECT_EQ(extension.value().kind, Kind::kFileByExtension);
  EXPECT_EQ(extension.value().argument, "a.B");
  EXPECT_EQ(extension.value().extension_number, 7);
}

TEST(Reflection, TheLastQuestionCounts) {
  const std::string bytes =
      test::sized(5, test::sized(1, "a.B") + test::number(2, 7)) + test::sized(4, "symbol");
  const auto request = decode_reflection_request(bytes);
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request.value().kind, ReflectionRequest::Kind::kFileBySymbol);
  EXPECT_EQ(request.value().argument, "symbol");
  EXPECT_EQ(request.value().extension_number, 0);
}

TEST(Reflection, EveryAnswer) {
  const auto request = decode_reflection_request(golden::kReflectionRequest);
  ASSERT_TRUE(request.ok());
  const std::string_view files[] = {"one", "two"};
  EXPECT_EQ(flat(encode_reflection_files(request.value(), files)), golden::kReflectionFiles);
  const std::string_view services[] = {"a.S"};
  EXPECT_EQ(flat(encode_reflection_services(request.value(), services)),
            golden::kReflectionServices);
  EXPECT_EQ(flat(encode_reflection_error(request.value(), 5, "no")), golden::kReflectionError);
}

TEST(Descriptors, EveryServiceIsFoundByNameAndSymbol) {
  const std::vector<std::string_view> services(proto_services().begin(), proto_services().end());
  EXPECT_EQ(services,
            (std::vector<std::string_view>{
                "aiges.v1.Engine", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                "grpc.reflection.v1alpha.ServerReflection", "utils.ToolBox", "utils.XsfCall"}));
  const auto file_of = [](std::string_view symbol) -> std::string_view {
    const ProtoFile* file = find_proto_symbol(symbol);
    return file ? file->name : "(none)";
  };
  EXPECT_EQ(file_of("aiges.v1.Engine"), "aiges/v1/engine.proto");
  EXPECT_EQ(file_of("aiges.v1.Engine.Exec"), "aiges/v1/engine.proto");
  EXPECT_EQ(file_of("aiges.v1.Status"), "aiges/v1/engine.proto");
  EXPECT_EQ(file_of("utils.XsfCall.call"), "xsf.proto");
  EXPECT_EQ(file_of("utils.ToolBox"), "xsf.proto");
  EXPECT_EQ(file_of("protocol.LoaderInput"), "loader.proto");
  EXPECT_EQ(file_of("protocol.MetaDesc.DataType"), "loader.proto");
  EXPECT_EQ(file_of("grpc.health.v1.HealthCheckResponse.ServingStatus"),
            "grpc/health/v1/health.proto");
  EXPECT_EQ(file_of("grpc.reflection.v1alpha.ErrorResponse"),
            "grpc/reflection/v1alpha/reflection.proto");
  EXPECT_EQ(file_of(""), "(none)");
  EXPECT_EQ(file_of("aiges.v1"), "(none)");
  EXPECT_EQ(file_of("zzz"), "(none)");
  for (const ProtoSymbol& symbol : proto_symbols())
    EXPECT_EQ(find_proto_symbol(symbol.name), &proto_files()[symbol.file]);
}

TEST(Descriptors, AFileBeginsWithItsName) {
  for (const ProtoFile& file : proto_files()) {
    EXPECT_EQ(find_proto_file(file.name), &file);
    const std::string front = test::sized(1, file.name);
    EXPECT_EQ(file.bytes.substr(0, front.size()), front);
  }
  EXPECT_EQ(find_proto_file("absent.proto"), nullptr);
}

}  // namespace
}  // namespace aiges::wire
