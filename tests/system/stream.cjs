// One stream by @grpc/grpc-js: FOLDER OF THE CONTRACT, HOST:PORT; what to send on standard input, what came as JSON.
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const [folder, address] = process.argv.slice(2);
const options = { includeDirs: [folder], longs: String, oneofs: true, defaults: true };
const definition = loader.loadSync("pathcast/v1/forecast.proto", options);
const { ForecastService } = grpc.loadPackageDefinition(definition).pathcast.v1;
const { open, frames } = JSON.parse(require("fs").readFileSync(0, "utf8"));

const told = { frames: [] };
const call = new ForecastService(address, grpc.credentials.createInsecure()).StreamForecasts();
let sent = 0;

function sendNext() {
  if (sent < frames.length) {
    call.write({ frame: frames[sent++] });
  } else {
    call.end();
  }
}

call.on("data", (reply) => {
  if (reply.message === "opened") {
    told.opened = reply.opened.model.name;
  } else {
    told.frames.push(reply.forecasts.frameNumber);
    told.means = reply.forecasts.means;
  }
  sendNext();
});
call.on("status", (status) => {
  told.code = status.code;
  console.log(JSON.stringify(told));
});
call.on("error", (error) => console.error(error.message));
call.write({ open });
