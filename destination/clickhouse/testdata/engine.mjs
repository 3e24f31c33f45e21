// A ClickHouse that listens: the engine is the real one, as chDB ships it, and
// what speaks HTTP around it does as src/Server/HTTPHandler.cpp of ClickHouse
// does, as far as the tests need it.
//
// node engine.mjs DIRECTORY PORT; with port 0 it takes one, and writes which.
import { createServer } from "node:http";
import { gunzipSync } from "node:zlib";
import { createRequire } from "node:module";

// The program stands elsewhere than the packages, which are where it is run.
const { Session } = createRequire(process.cwd() + "/package.json")("chdb");

const directory = process.argv[2];
// Each user has a password, and settings that the session cannot change.
const users = { default: { password: "" }, parlance: { password: "right" }, reader: { password: "right", set: "set readonly = 1" } };
for (const user of Object.values(users)) user.session = new Session(directory);
const version = users.default.session.query("select version()", "TSV").trim();
for (const user of Object.values(users)) if (user.set) user.session.query(user.set, "TSV");

// Source: src/Server/HTTP/exceptionCodeToHTTPStatus.cpp
const statuses = { 194: 401, 192: 403, 193: 403, 516: 403, 497: 403, 159: 408, 229: 413, 48: 501, 209: 503, 76: 503, 439: 503 };
for (const code of [36, 6, 25, 26, 38, 41, 72, 27, 15, 44, 8, 62, 117, 53, 321]) statuses[code] = 400;
for (const code of [60, 46, 47, 50, 56, 81, 115, 63, 73, 336, 78]) statuses[code] = 404;

class Failure extends Error {
	constructor(said) {
		super(said);
		this.code = Number(/Code: (\d+)/.exec(said)?.[1] ?? 49);
	}
}

function authenticate(request) {
	const [, basic] = /^Basic (.*)$/.exec(request.headers.authorization ?? "") ?? [];
	const text = basic ? Buffer.from(basic, "base64").toString() : "default:";
	const name = text.slice(0, text.indexOf(":"));
	const user = users[name];
	if (!user || user.password !== text.slice(name.length + 1)) {
		throw new Failure(`Code: 516. DB::Exception: ${name}: Authentication failed: password is incorrect, or there is no user with such name. (AUTHENTICATION_FAILED)`);
	}
	return user.session;
}

const quote = (s) => "'" + s.replaceAll("\\", "\\\\").replaceAll("'", "\\'") + "'";

// What these parameters of a URL mean is said here; all others are settings.
const own = ["query", "default_format", "wait_end_of_query"];

function run(request, body) {
	const session = authenticate(request);
	const url = new URL(request.url, "http://localhost");
	const settings = [...url.searchParams].filter(([name]) => !own.includes(name));
	try {
		for (const [name, value] of settings) session.query(`set ${name} = ${quote(value)}`, "TSV");
		const query = url.searchParams.get("query") ?? "";
		return session.query(query + (body ? "\n" + body : ""), url.searchParams.get("default_format") ?? "TSV");
	} catch (error) {
		throw new Failure(error.message.replace(/^Query failed: /, "") + ` (version ${version})`);
	} finally {
		for (const [name] of settings) {
			try {
				if (!name.startsWith("param_")) session.query(`set ${name} = default`, "TSV");
			} catch {} // there is no such setting, or it cannot be changed
		}
	}
}

createServer((request, response) => {
	const parts = [];
	request.on("data", (part) => parts.push(part));
	request.on("end", () => {
		try {
			let body = Buffer.concat(parts);
			if (request.headers["content-encoding"] === "gzip") body = gunzipSync(body);
			response.end(run(request, body.toString()));
		} catch (failure) {
			response.writeHead(statuses[failure.code] ?? 500, { "X-ClickHouse-Exception-Code": failure.code });
			response.end(failure.message + "\n");
		}
	});
}).listen(Number(process.argv[3]), "127.0.0.1", function () {
	console.log(this.address().port);
});
process.stdin.on("end", () => process.exit()).resume(); // with the test that started it
