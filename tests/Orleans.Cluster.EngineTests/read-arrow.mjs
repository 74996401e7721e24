// Reads an Arrow IPC stream with npm's apache-arrow and writes what it found as JSON: types, batches, and values as text.
//   node read-arrow.mjs FOLDER-WITH-NODE_MODULES FILE [sum]
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const arrow = createRequire(process.argv[2] + '/')('apache-arrow');
const table = arrow.tableFromIPC(readFileSync(process.argv[3]));

function decimal(words, scale) {
    let number = 0n;
    for (let i = 3; i >= 0; i--) number = (number << 32n) | BigInt(words[i] >>> 0);
    number = BigInt.asIntN(128, number);
    const digits = (number < 0n ? -number : number).toString().padStart(scale + 1, '0');
    return (number < 0n ? '-' : '') + digits.slice(0, digits.length - scale) + (scale ? '.' + digits.slice(-scale) : '');
}

function text(type, value) {
    if (value === null) return null;
    if (arrow.DataType.isDecimal(type)) return decimal(value, type.scale);
    if (arrow.DataType.isDate(type) || arrow.DataType.isTimestamp(type)) return new Date(Number(value)).toISOString();
    if (arrow.DataType.isBinary(type)) return Buffer.from(value).toString('base64');
    if (arrow.DataType.isList(type) || arrow.DataType.isFixedSizeList(type)) {
        return [...value].map(each => text(type.children[0].type, each));
    }
    if (arrow.DataType.isMap(type)) {
        const [key, item] = type.children[0].type.children;
        return [...value].map(([k, v]) => [text(key.type, k), text(item.type, v)]);
    }
    if (arrow.DataType.isStruct(type)) return type.children.map(field => text(field.type, value[field.name]));
    return String(value);
}

const columns = table.schema.fields.map((field, index) => [field.name, field.type, table.getChildAt(index)]);
const answer = { rows: table.numRows, batches: table.batches.length, types: columns.map(([name, type]) => `${name} ${type}`) };
if (process.argv[4] === 'sum') {
    let sum = 0n, inOrder = true, last = -1n;
    for (const value of columns[0][2]) {
        sum += BigInt(value);
        inOrder &&= BigInt(value) > last;
        last = BigInt(value);
    }
    Object.assign(answer, { sum: String(sum), inOrder });
} else {
    answer.values = columns.map(([, type, vector]) => [...vector].map(value => text(type, value)));
}
process.stdout.write(JSON.stringify(answer));
