// Made by scripts/gen_descriptors.py from proto/. Do not edit.
#include "wire/descriptors.h"

namespace aiges::wire {
namespace {

// clang-format off
constexpr char kFile0[] =
    "\012\025aiges/v1/engine.proto\022\010aiges.v1\042\345\001\012\004Item\022\020\012\003key\030"
    "\001 \001(\011R\003key\022\022\012\004data\030\002 \001(\014R\004data\022&\012\004type\030\003"
    " \001(\0162\022.aiges.v1.DataTypeR\004type\022(\012\006status\030\004 \001(\0162\020.aiges."
    "v1.StatusR\006status\022,\012\004desc\030\005 \003(\0132\030.aiges.v1.Item.DescEntryR\004de"
    "sc\0327\012\011DescEntry\022\020\012\003key\030\001 \001(\011R\003key\022\024\012\005value\030"
    "\002 \001(\011R\005value:\0028\001\042\374\001\012\013ExecRequest\022\026\012\006engine\030"
    "\001 \001(\011R\006engine\0229\012\006params\030\002 \003(\0132!.aiges.v1.ExecRequest.Param"
    "sEntryR\006params\022\042\012\004data\030\003 \003(\0132\016.aiges.v1.ItemR\004data\022\034"
    "\012\011resources\030\004 \003(\015R\011resources\022\035\012\012session_id\030\005 \001(\011"
    "R\011sessionId\0329\012\013ParamsEntry\022\020\012\003key\030\001 \001(\011R\003key\022\024"
    "\012\005value\030\002 \001(\011R\005value:\0028\001\042Q\012\014ExecResponse\022\042\012\004"
    "data\030\001 \003(\0132\016.aiges.v1.ItemR\004data\022\035\012\012session_id\030\002 \001(\011"
    "R\011sessionId\042W\012\015StreamRequest\022\042\012\004open\030\001 \001(\0132\016.aiges.v"
    "1.OpenR\004open\022\042\012\004data\030\002 \003(\0132\016.aiges.v1.ItemR\004data\042\312\001"
    "\012\004Open\022\026\012\006engine\030\001 \001(\011R\006engine\0222\012\006params\030\002 "
    "\003(\0132\032.aiges.v1.Open.ParamsEntryR\006params\022\034\012\011resources\030\003 \003(\015"
    "R\011resources\022\035\012\012session_id\030\004 \001(\011R\011sessionId\0329\012\013Params"
    "Entry\022\020\012\003key\030\001 \001(\011R\003key\022\024\012\005value\030\002 \001(\011R\005"
    "value:\0028\001\042S\012\016StreamResponse\022\042\012\004data\030\001 \003(\0132\016.aiges"
    ".v1.ItemR\004data\022\035\012\012session_id\030\002 \001(\011R\011sessionId\042)\012\017Des"
    "cribeRequest\022\026\012\006engine\030\001 \001(\011R\006engine\042i\012\020DescribeRespons"
    "e\022.\012\007engines\030\001 \003(\0132\024.aiges.v1.EngineInfoR\007engines\022%\012\016se"
    "rver_version\030\002 \001(\011R\015serverVersion\042\222\001\012\012EngineInfo\022\022\012\004"
    "name\030\001 \001(\011R\004name\022\030\012\007version\030\002 \001(\011R\007version\022\022"
    "\012\004kind\030\003 \001(\011R\004kind\022\024\012\005modes\030\004 \003(\011R\005modes\022"
    "\026\012\006schema\030\005 \001(\011R\006schema\022\024\012\005state\030\006 \001(\011R\005"
    "state*u\012\010DataType\022\022\012\016DATA_TYPE_TEXT\020\000\022\023\012\017DATA_TYPE_AUDI"
    "O\020\001\022\023\012\017DATA_TYPE_IMAGE\020\002\022\023\012\017DATA_TYPE_VIDEO\020\003\022"
    "\026\012\022DATA_TYPE_PERSONAL\020\004*P\012\006Status\022\020\012\014STATUS_BEGIN\020\000\022"
    "\023\012\017STATUS_CONTINUE\020\001\022\016\012\012STATUS_END\020\002\022\017\012\013STATUS"
    "_ONCE\020\0032\303\001\012\006Engine\0225\012\004Exec\022\025.aiges.v1.ExecRequest\032\026."
    "aiges.v1.ExecResponse\022\077\012\006Stream\022\027.aiges.v1.StreamRequest\032\030.aiges.v1"
    ".StreamResponse(\0010\001\022A\012\010Describe\022\031.aiges.v1.DescribeRequest\032\032.aig"
    "es.v1.DescribeResponseb\006proto3";
constexpr char kFile1[] =
    "\012\033grpc/health/v1/health.proto\022\016grpc.health.v1\042.\012\022HealthCheckRequest\022"
    "\030\012\007service\030\001 \001(\011R\007service\042\261\001\012\023HealthCheckResponse\022"
    "I\012\006status\030\001 \001(\01621.grpc.health.v1.HealthCheckResponse.ServingStatusR\006st"
    "atus\042O\012\015ServingStatus\022\013\012\007UNKNOWN\020\000\022\013\012\007SERVING\020\001"
    "\022\017\012\013NOT_SERVING\020\002\022\023\012\017SERVICE_UNKNOWN\020\003\042\023\012\021H"
    "ealthListRequest\042\304\001\012\022HealthListResponse\022L\012\010statuses\030\001 \003(\013"
    "20.grpc.health.v1.HealthListResponse.StatusesEntryR\010statuses\032`\012\015StatusesEntry\022"
    "\020\012\003key\030\001 \001(\011R\003key\0229\012\005value\030\002 \001(\0132#.grpc.health"
    ".v1.HealthCheckResponseR\005value:\0028\0012\375\001\012\006Health\022P\012\005Check\022\042"
    ".grpc.health.v1.HealthCheckRequest\032#.grpc.health.v1.HealthCheckResponse\022M\012\004List"
    "\022!.grpc.health.v1.HealthListRequest\032\042.grpc.health.v1.HealthListResponse\022R\012\005"
    "Watch\022\042.grpc.health.v1.HealthCheckRequest\032#.grpc.health.v1.HealthCheckResponse0\001"
    "b\006proto3";
constexpr char kFile2[] =
    "\012#grpc/reflection/v1/reflection.proto\022\022grpc.reflection.v1\042\363\002\012\027Serve"
    "rReflectionRequest\022\022\012\004host\030\001 \001(\011R\004host\022*\012\020file_by_filen"
    "ame\030\003 \001(\011H\000R\016fileByFilename\0226\012\026file_containing_symbol\030\004 \001"
    "(\011H\000R\024fileContainingSymbol\022b\012\031file_containing_extension\030\005 \001(\013"
    "2$.grpc.reflection.v1.ExtensionRequestH\000R\027fileContainingExtension\022B\012\035all_ext"
    "ension_numbers_of_type\030\006 \001(\011H\000R\031allExtensionNumbersOfType\022%\012\015lis"
    "t_services\030\007 \001(\011H\000R\014listServicesB\021\012\017message_request\042f\012\020"
    "ExtensionRequest\022'\012\017containing_type\030\001 \001(\011R\016containingType\022)\012\020"
    "extension_number\030\002 \001(\005R\017extensionNumber\042\256\004\012\030ServerReflectionR"
    "esponse\022\035\012\012valid_host\030\001 \001(\011R\011validHost\022V\012\020original_requ"
    "est\030\002 \001(\0132+.grpc.reflection.v1.ServerReflectionRequestR\017originalRequest\022f"
    "\012\030file_descriptor_response\030\004 \001(\0132*.grpc.reflection.v1.FileDescriptorRespo"
    "nseH\000R\026fileDescriptorResponse\022r\012\036all_extension_numbers_response\030\005 \001"
    "(\0132+.grpc.reflection.v1.ExtensionNumberResponseH\000R\033allExtensionNumbersResponse\022"
    "_\012\026list_services_response\030\006 \001(\0132'.grpc.reflection.v1.ListServiceResponseH"
    "\000R\024listServicesResponse\022J\012\016error_response\030\007 \001(\0132!.grpc.reflectio"
    "n.v1.ErrorResponseH\000R\015errorResponseB\022\012\020message_response\042L\012\026FileDesc"
    "riptorResponse\0222\012\025file_descriptor_proto\030\001 \003(\014R\023fileDescriptorProto\042"
    "j\012\027ExtensionNumberResponse\022$\012\016base_type_name\030\001 \001(\011R\014baseTypeN"
    "ame\022)\012\020extension_number\030\002 \003(\005R\017extensionNumber\042T\012\023ListServ"
    "iceResponse\022=\012\007service\030\001 \003(\0132#.grpc.reflection.v1.ServiceResponseR\007"
    "service\042%\012\017ServiceResponse\022\022\012\004name\030\001 \001(\011R\004name\042S\012"
    "\015ErrorResponse\022\035\012\012error_code\030\001 \001(\005R\011errorCode\022#\012\015err"
    "or_message\030\002 \001(\011R\014errorMessage2\211\001\012\020ServerReflection\022u\012\024"
    "ServerReflectionInfo\022+.grpc.reflection.v1.ServerReflectionRequest\032,.grpc.reflection.v"
    "1.ServerReflectionResponse(\0010\001b\006proto3";
constexpr char kFile3[] =
    "\012(grpc/reflection/v1alpha/reflection.proto\022\027grpc.reflection.v1alpha\042\370\002\012"
    "\027ServerReflectionRequest\022\022\012\004host\030\001 \001(\011R\004host\022*\012\020file"
    "_by_filename\030\003 \001(\011H\000R\016fileByFilename\0226\012\026file_containing_symbol\030"
    "\004 \001(\011H\000R\024fileContainingSymbol\022g\012\031file_containing_extension\030\005 "
    "\001(\0132).grpc.reflection.v1alpha.ExtensionRequestH\000R\027fileContainingExtension\022B\012"
    "\035all_extension_numbers_of_type\030\006 \001(\011H\000R\031allExtensionNumbersOfType\022%"
    "\012\015list_services\030\007 \001(\011H\000R\014listServicesB\021\012\017message_request\042"
    "f\012\020ExtensionRequest\022'\012\017containing_type\030\001 \001(\011R\016containingType\022"
    ")\012\020extension_number\030\002 \001(\005R\017extensionNumber\042\307\004\012\030ServerRe"
    "flectionResponse\022\035\012\012valid_host\030\001 \001(\011R\011validHost\022[\012\020orig"
    "inal_request\030\002 \001(\01320.grpc.reflection.v1alpha.ServerReflectionRequestR\017origin"
    "alRequest\022k\012\030file_descriptor_response\030\004 \001(\0132/.grpc.reflection.v1alpha."
    "FileDescriptorResponseH\000R\026fileDescriptorResponse\022w\012\036all_extension_numbers_re"
    "sponse\030\005 \001(\01320.grpc.reflection.v1alpha.ExtensionNumberResponseH\000R\033allExte"
    "nsionNumbersResponse\022d\012\026list_services_response\030\006 \001(\0132,.grpc.reflection"
    ".v1alpha.ListServiceResponseH\000R\024listServicesResponse\022O\012\016error_response\030\007"
    " \001(\0132&.grpc.reflection.v1alpha.ErrorResponseH\000R\015errorResponseB\022\012\020messa"
    "ge_response\042L\012\026FileDescriptorResponse\0222\012\025file_descriptor_proto\030\001 \003"
    "(\014R\023fileDescriptorProto\042j\012\027ExtensionNumberResponse\022$\012\016base_type_nam"
    "e\030\001 \001(\011R\014baseTypeName\022)\012\020extension_number\030\002 \003(\005R\017ext"
    "ensionNumber\042Y\012\023ListServiceResponse\022B\012\007service\030\001 \003(\0132(.grpc.r"
    "eflection.v1alpha.ServiceResponseR\007service\042%\012\017ServiceResponse\022\022\012\004na"
    "me\030\001 \001(\011R\004name\042S\012\015ErrorResponse\022\035\012\012error_code\030\001 \001"
    "(\005R\011errorCode\022#\012\015error_message\030\002 \001(\011R\014errorMessage2\223\001\012"
    "\020ServerReflection\022\177\012\024ServerReflectionInfo\0220.grpc.reflection.v1alpha.Serve"
    "rReflectionRequest\0321.grpc.reflection.v1alpha.ServerReflectionResponse(\0010\001b\006prot"
    "o3";
constexpr char kFile4[] =
    "\012\014loader.proto\022\010protocol\042\230\002\012\010MetaDesc\022\022\012\004name\030\001"
    " \001(\011R\004name\0227\012\010dataType\030\002 \001(\0162\033.protocol.MetaDesc.DataTypeR"
    "\010dataType\022\077\012\011attribute\030\003 \003(\0132!.protocol.MetaDesc.AttributeEntryR"
    "\011attribute\032<\012\016AttributeEntry\022\020\012\003key\030\001 \001(\011R\003key\022\024"
    "\012\005value\030\002 \001(\011R\005value:\0028\001\042@\012\010DataType\022\010\012\004TEX"
    "T\020\000\022\011\012\005AUDIO\020\001\022\011\012\005IMAGE\020\002\022\011\012\005VIDEO\020"
    "\003\022\011\012\005OTHER\020\004\042E\012\007Payload\022&\012\004meta\030\001 \001(\0132\022"
    ".protocol.MetaDescR\004meta\022\022\012\004data\030\002 \001(\014R\004data\042\367\003\012\013"
    "LoaderInput\022\034\012\011serviceId\030\001 \001(\011R\011serviceId\022 \012\013serviceNam"
    "e\030\002 \001(\011R\013serviceName\0221\012\005state\030\003 \001(\0162\033.protocol.Loade"
    "rInput.StateR\005state\022<\012\007headers\030\004 \003(\0132\042.protocol.LoaderInput.Head"
    "ersEntryR\007headers\0229\012\006params\030\005 \003(\0132!.protocol.LoaderInput.ParamsEntr"
    "yR\006params\022*\012\006expect\030\006 \003(\0132\022.protocol.MetaDescR\006expect\022!\012"
    "\002pl\030\007 \003(\0132\021.protocol.PayloadR\002pl\022\027\012\007sync_id\030\010 \001(\005"
    "R\006syncId\032:\012\014HeadersEntry\022\020\012\003key\030\001 \001(\011R\003key\022\024\012"
    "\005value\030\002 \001(\011R\005value:\0028\001\0329\012\013ParamsEntry\022\020\012\003key\030"
    "\001 \001(\011R\003key\022\024\012\005value\030\002 \001(\011R\005value:\0028\001\042\035\012"
    "\005State\022\012\012\006STREAM\020\000\022\010\012\004ONCE\020\001\042\342\001\012\014Load"
    "erOutput\022\034\012\011serviceId\030\001 \001(\011R\011serviceId\022\022\012\004code\030\002"
    " \001(\005R\004code\022\020\012\003err\030\003 \001(\011R\003err\0225\012\006status\030\004"
    " \001(\0162\035.protocol.LoaderOutput.StatusR\006status\022!\012\002pl\030\005 \003(\0132\021"
    ".protocol.PayloadR\002pl\0424\012\006Status\022\011\012\005BEGIN\020\000\022\014\012\010CON"
    "TINUE\020\001\022\007\012\003END\020\002\022\010\012\004ONCE\020\003b\006proto3";
constexpr char kFile5[] =
    "\012\011xsf.proto\022\005utils\042\214\001\012\007Session\022\014\012\001t\030\001 \001(\011"
    "R\001t\022\014\012\001h\030\002 \001(\011R\001h\022,\012\004sess\030\003 \003(\0132\030.uti"
    "ls.Session.SessEntryR\004sess\0327\012\011SessEntry\022\020\012\003key\030\001 \001(\011R\003"
    "key\022\024\012\005value\030\002 \001(\011R\005value:\0028\001\042\206\001\012\010DataMeta\022"
    "\022\012\004data\030\001 \001(\014R\004data\022-\012\004desc\030\003 \003(\0132\031.utils.D"
    "ataMeta.DescEntryR\004desc\0327\012\011DescEntry\022\020\012\003key\030\001 \001(\011R\003k"
    "ey\022\024\012\005value\030\002 \001(\011R\005value:\0028\001\042\307\001\012\007ReqData\022"
    "\016\012\002op\030\001 \001(\011R\002op\022\034\012\001s\030\002 \001(\0132\016.utils.Sessi"
    "onR\001s\022/\012\005param\030\003 \003(\0132\031.utils.ReqData.ParamEntryR\005param\022#\012"
    "\004data\030\004 \003(\0132\017.utils.DataMetaR\004data\0328\012\012ParamEntry\022\020\012\003"
    "key\030\001 \001(\011R\003key\022\024\012\005value\030\002 \001(\011R\005value:\0028\001\042"
    "\352\001\012\007ResData\022\022\012\004code\030\001 \001(\005R\004code\022\035\012\012error"
    "_info\030\002 \001(\011R\011errorInfo\022\034\012\001s\030\003 \001(\0132\016.utils.Session"
    "R\001s\022/\012\005param\030\004 \003(\0132\031.utils.ResData.ParamEntryR\005param\022#\012"
    "\004data\030\005 \003(\0132\017.utils.DataMetaR\004data\0328\012\012ParamEntry\022\020\012\003"
    "key\030\001 \001(\011R\003key\022\024\012\005value\030\002 \001(\011R\005value:\0028\001\042"
    "M\012\007Request\022\024\012\005query\030\001 \001(\011R\005query\022\030\012\007headers\030"
    "\002 \001(\011R\007headers\022\022\012\004body\030\003 \001(\011R\004body\0428\012\010Respo"
    "nse\022\030\012\007headers\030\001 \001(\011R\007headers\022\022\012\004body\030\002 \001(\011"
    "R\004body21\012\007XsfCall\022&\012\004call\022\016.utils.ReqData\032\016.utils.ResData27\012"
    "\007ToolBox\022,\012\011cmdserver\022\016.utils.Request\032\017.utils.Responseb\006proto3";

constexpr ProtoFile kFiles[] = {
    {"aiges/v1/engine.proto", {kFile0, sizeof kFile0 - 1}},
    {"grpc/health/v1/health.proto", {kFile1, sizeof kFile1 - 1}},
    {"grpc/reflection/v1/reflection.proto", {kFile2, sizeof kFile2 - 1}},
    {"grpc/reflection/v1alpha/reflection.proto", {kFile3, sizeof kFile3 - 1}},
    {"loader.proto", {kFile4, sizeof kFile4 - 1}},
    {"xsf.proto", {kFile5, sizeof kFile5 - 1}},
};

constexpr std::string_view kServices[] = {
    "aiges.v1.Engine",
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
    "utils.ToolBox",
    "utils.XsfCall",
};

// Sorted.
constexpr ProtoSymbol kSymbols[] = {
    {"aiges.v1.DataType", 0},
    {"aiges.v1.DescribeRequest", 0},
    {"aiges.v1.DescribeResponse", 0},
    {"aiges.v1.Engine", 0},
    {"aiges.v1.Engine.Describe", 0},
    {"aiges.v1.Engine.Exec", 0},
    {"aiges.v1.Engine.Stream", 0},
    {"aiges.v1.EngineInfo", 0},
    {"aiges.v1.ExecRequest", 0},
    {"aiges.v1.ExecResponse", 0},
    {"aiges.v1.Item", 0},
    {"aiges.v1.Open", 0},
    {"aiges.v1.Status", 0},
    {"aiges.v1.StreamRequest", 0},
    {"aiges.v1.StreamResponse", 0},
    {"grpc.health.v1.Health", 1},
    {"grpc.health.v1.Health.Check", 1},
    {"grpc.health.v1.Health.List", 1},
    {"grpc.health.v1.Health.Watch", 1},
    {"grpc.health.v1.HealthCheckRequest", 1},
    {"grpc.health.v1.HealthCheckResponse", 1},
    {"grpc.health.v1.HealthCheckResponse.ServingStatus", 1},
    {"grpc.health.v1.HealthListRequest", 1},
    {"grpc.health.v1.HealthListResponse", 1},
    {"grpc.reflection.v1.ErrorResponse", 2},
    {"grpc.reflection.v1.ExtensionNumberResponse", 2},
    {"grpc.reflection.v1.ExtensionRequest", 2},
    {"grpc.reflection.v1.FileDescriptorResponse", 2},
    {"grpc.reflection.v1.ListServiceResponse", 2},
    {"grpc.reflection.v1.ServerReflection", 2},
    {"grpc.reflection.v1.ServerReflection.ServerReflectionInfo", 2},
    {"grpc.reflection.v1.ServerReflectionRequest", 2},
    {"grpc.reflection.v1.ServerReflectionResponse", 2},
    {"grpc.reflection.v1.ServiceResponse", 2},
    {"grpc.reflection.v1alpha.ErrorResponse", 3},
    {"grpc.reflection.v1alpha.ExtensionNumberResponse", 3},
    {"grpc.reflection.v1alpha.ExtensionRequest", 3},
    {"grpc.reflection.v1alpha.FileDescriptorResponse", 3},
    {"grpc.reflection.v1alpha.ListServiceResponse", 3},
    {"grpc.reflection.v1alpha.ServerReflection", 3},
    {"grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo", 3},
    {"grpc.reflection.v1alpha.ServerReflectionRequest", 3},
    {"grpc.reflection.v1alpha.ServerReflectionResponse", 3},
    {"grpc.reflection.v1alpha.ServiceResponse", 3},
    {"protocol.LoaderInput", 4},
    {"protocol.LoaderInput.State", 4},
    {"protocol.LoaderOutput", 4},
    {"protocol.LoaderOutput.Status", 4},
    {"protocol.MetaDesc", 4},
    {"protocol.MetaDesc.DataType", 4},
    {"protocol.Payload", 4},
    {"utils.DataMeta", 5},
    {"utils.ReqData", 5},
    {"utils.Request", 5},
    {"utils.ResData", 5},
    {"utils.Response", 5},
    {"utils.Session", 5},
    {"utils.ToolBox", 5},
    {"utils.ToolBox.cmdserver", 5},
    {"utils.XsfCall", 5},
    {"utils.XsfCall.call", 5},
};
// clang-format on

}  // namespace

std::span<const ProtoFile> proto_files() { return kFiles; }
std::span<const std::string_view> proto_services() { return kServices; }
std::span<const ProtoSymbol> proto_symbols() { return kSymbols; }

}  // namespace aiges::wire
